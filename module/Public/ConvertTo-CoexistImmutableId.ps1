function ConvertTo-CoexistImmutableId {
    <#
    .SYNOPSIS
    Derives the ImmutableId (source anchor) of an AD object from its mS-DS-ConsistencyGuid or objectGUID.

    .DESCRIPTION
    The ImmutableId, Graph's onPremisesImmutableId, is the base64 text of the 16 bytes of mS-DS-ConsistencyGuid, or of objectGUID where the
    former is empty. It ties a user in Entra ID to its AD object.

    Piped AD objects are read by their properties mS-DS-ConsistencyGuid and objectGUID. A plain Get-ADUser leaves mS-DS-ConsistencyGuid out:
    then nobody can tell from the object whether it is empty, AnchorsDiffer is Unknown, and a warning says so once. Ask for it:
    Get-ADUser -Properties mS-DS-ConsistencyGuid.

    Bare values are read in every form that administrators meet: a GUID in any notation, 16 bytes, hex digits with or without spaces, the
    escaped form of an LDAP filter, the distinguished name of the Entra Connect connector space, base64.

    Properties called Guid, ExchangeGuid or ImmutableId are never read: in Exchange they are other values.

    One object in, one object out, at once.

    .PARAMETER Value
    The AD object, or a bare value in one of the forms above.

    .PARAMETER ConsistencyGuid
    The property mS-DS-ConsistencyGuid of the piped object: bytes, GUID or text; empty means that the attribute is empty.

    .PARAMETER ObjectGuid
    The property objectGUID of the piped object: bytes, GUID or text.

    .INPUTS
    Microsoft.ActiveDirectory.Management.ADUser and other AD objects, System.Guid, System.Byte[], System.String.

    .OUTPUTS
    Coexist.ImmutableId: ImmutableId, Guid, Anchor (mS-DS-ConsistencyGuid, objectGUID or Value), AnchorsDiffer (True, False, Unknown), Hex,
    LdapFilter, ConnectorDn.

    .EXAMPLE
    '00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId

    Derives MyIRAFVEd2aImaq7zN3u/w==.

    .EXAMPLE
    [pscustomobject]@{ UserPrincipalName = 'anna@contoso.com'; 'mS-DS-ConsistencyGuid' = $null; ObjectGUID = '00112233-4455-6677-8899-aabbccddeeff' } |
        ConvertTo-CoexistImmutableId | Format-List

    Shows every form of an object's anchor. AD objects are piped the same way: Get-ADUser -Filter * -Properties mS-DS-ConsistencyGuid.

    .EXAMPLE
    [guid]'00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId -OutVariable anchor | Select-Object LdapFilter, ConnectorDn

    Makes the filter that finds the object in AD: Get-ADObject -LDAPFilter "(objectGUID=$($anchor.LdapFilter))".

    .NOTES
    Errors, one for each object that has no ImmutableId; the others go on:
    AnchorMissing          the object carries neither attribute
    GuidNotRecognized      the value is in none of the forms
    GuidIsNil              the value is all zeros
    ImmutableIdIsBase64OfText   the value was made by encoding the GUID's text
    ValueFlattened         Export-Csv wrote a type name in place of the value

    .LINK
    ConvertFrom-CoexistImmutableId
    #>
    [CmdletBinding()]
    [OutputType('Coexist.ImmutableId')]
    param(
        [Parameter(Position = 0, ValueFromPipeline)]
        [object] $Value,

        [Parameter(ValueFromPipelineByPropertyName)]
        [Alias('mS-DS-ConsistencyGuid')]
        [AllowNull()]
        [object] $ConsistencyGuid = [DBNull]::Value,

        [Parameter(ValueFromPipelineByPropertyName)]
        [AllowNull()]
        [object] $ObjectGuid = [DBNull]::Value
    )

    begin {
        $class = Get-NativeType $PSCmdlet Coexist.ImmutableId
        $told = @{}
    }

    process {
        # DBNull: not on the object.
        if ($ConsistencyGuid -isnot [DBNull]) { $result = $class::Derive($null, $ConsistencyGuid, $ObjectGuid, '1') }
        elseif ($ObjectGuid -isnot [DBNull]) { $result = $class::Derive($null, $null, $ObjectGuid, '0') }
        else { $result = $class::Derive($Value, $null, $null, $null) }

        if ($result -is [string]) { Show-NativeTrouble $PSCmdlet $class $result $Value $told }
        else { $result }
    }
}
