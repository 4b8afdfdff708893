function ConvertFrom-CoexistImmutableId {
    <#
    .SYNOPSIS
    Derives the GUID of the AD object, and what finds it there, from an ImmutableId.

    .DESCRIPTION
    The ImmutableId, Graph's onPremisesImmutableId, is the base64 text of the 16 bytes of the AD object's mS-DS-ConsistencyGuid or objectGUID.
    The output names the GUID, the value for an LDAP filter, and the distinguished name in the connector space of Entra Connect.

    Piped users of Graph are read by their property OnPremisesImmutableId. Graph gives it only when asked (Get-MgUser -Property
    OnPremisesImmutableId), and it is empty for users made in the cloud; both are an error, one for each such user. Bare values are read in every
    form that ConvertTo-CoexistImmutableId takes; the property Form says which it was.

    A property called ImmutableId is never read: a mail user's ImmutableId in Exchange is another value.

    One object in, one object out, at once.

    .PARAMETER Value
    The user, or a bare value.

    .PARAMETER OnPremisesImmutableId
    The property of that name of a piped user.

    .INPUTS
    Microsoft.Graph.PowerShell.Models.MicrosoftGraphUser and other objects with OnPremisesImmutableId, System.String, System.Guid, System.Byte[].

    .OUTPUTS
    Coexist.ObjectGuid: Guid, ImmutableId, Form (Guid, Bytes, Hex, LdapFilter, ConnectorDn, Base64), Hex, LdapFilter, ConnectorDn.

    .EXAMPLE
    ConvertFrom-CoexistImmutableId MyIRAFVEd2aImaq7zN3u/w==

    Derives 00112233-4455-6677-8899-aabbccddeeff.

    .EXAMPLE
    'CN={4D79495241465645643261496D6171377A4E33752F773D3D}' | ConvertFrom-CoexistImmutableId | Select-Object ImmutableId, Guid, Form

    Reads a distinguished name from the connector space of Entra Connect.

    .EXAMPLE
    [pscustomobject]@{ UserPrincipalName = 'anna@contoso.com'; OnPremisesImmutableId = 'MyIRAFVEd2aImaq7zN3u/w==' } |
        ConvertFrom-CoexistImmutableId | ForEach-Object { "(objectGUID=$($_.LdapFilter))" }

    Makes the filter that finds a user's AD object.

    .NOTES
    Errors, one for each object; the others go on:
    AnchorMissing              no value
    GuidNotRecognized          the value is in none of the forms
    GuidIsNil                  the value is all zeros
    ImmutableIdIsBase64OfText  the value was made by encoding the GUID's text
    ImmutableIdWrongLength     the value holds more or fewer than 16 bytes
    ImmutableIdNotCanonical    the value is not spelled as Entra ID spells it
    ConnectorDnNotAnchor       the distinguished name holds no ImmutableId
    ExchangeImmutableId        the value is a mail user's, in the form of an address

    .LINK
    ConvertTo-CoexistImmutableId
    #>
    [CmdletBinding()]
    [OutputType('Coexist.ObjectGuid')]
    param(
        [Parameter(Position = 0, ValueFromPipeline)]
        [object] $Value,

        [Parameter(ValueFromPipelineByPropertyName)]
        [AllowNull()]
        [object] $OnPremisesImmutableId = [DBNull]::Value
    )

    begin {
        $class = Get-NativeType $PSCmdlet Coexist.ObjectGuid
    }

    process {
        # DBNull: not on the object.
        if ($OnPremisesImmutableId -isnot [DBNull]) { $result = $class::Derive($OnPremisesImmutableId) }
        else { $result = $class::Derive($Value) }

        if ($result -is [string]) { Show-NativeTrouble $PSCmdlet $class $result $Value }
        else { $result }
    }
}
