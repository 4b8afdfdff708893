function ConvertTo-CoexistImceaex {
    <#
    .SYNOPSIS
    Derives the IMCEAEX address that Exchange makes of a LegacyExchangeDN or an X500 address.

    .DESCRIPTION
    Where mail leaves the organization, Exchange writes a recipient that it knows only by LegacyExchangeDN as an SMTP address:
    IMCEAEX-<the LegacyExchangeDN, encoded as MS-OXCMAIL says>@<domain>. It is what an NDR or a message trace shows; this makes it, to search for.

    Piped recipients are read by their property LegacyExchangeDN, piped output of ConvertTo-CoexistX500 likewise.

    One object in, one object out, at once.

    .PARAMETER Value
    The recipient, or a bare LegacyExchangeDN or X500 address.

    .PARAMETER LegacyExchangeDN
    The property of that name of a piped recipient.

    .PARAMETER Domain
    The domain after the @: the default accepted domain of the organization that sends.

    .INPUTS
    Mailboxes, mail users and other recipients of Exchange with LegacyExchangeDN, System.String.

    .OUTPUTS
    Coexist.ImceaexAddress: Imceaex, X500, LegacyExchangeDN.

    .EXAMPLE
    '/o=contoso/ou=First/cn=Recipients/cn=anna.miller' | ConvertTo-CoexistImceaex -Domain contoso.com

    Derives IMCEAEX-_o=contoso_ou=First_cn=Recipients_cn=anna+2Emiller@contoso.com.

    .EXAMPLE
    'X500:/o=contoso/ou=First/cn=Recipients/cn=anna' | ConvertTo-CoexistX500 | ConvertTo-CoexistImceaex -Domain contoso.com

    Goes there and back.

    .NOTES
    Errors, one for each object; the others go on:
    X500NotRecognized    the value is neither a LegacyExchangeDN nor an X500 address
    DomainNotRecognized  the domain is none

    .LINK
    ConvertTo-CoexistX500
    #>
    [CmdletBinding()]
    [OutputType('Coexist.ImceaexAddress')]
    param(
        [Parameter(Position = 0, ValueFromPipeline)]
        [object] $Value,

        [Parameter(ValueFromPipelineByPropertyName)]
        [AllowNull()]
        [object] $LegacyExchangeDN = [DBNull]::Value,

        [Parameter(Mandatory)]
        [string] $Domain
    )

    begin {
        $class = Get-NativeType $PSCmdlet Coexist.ImceaexAddress
    }

    process {
        # DBNull: not on the object.
        if ($LegacyExchangeDN -isnot [DBNull]) { $result = $class::Derive($LegacyExchangeDN, $Domain) }
        else { $result = $class::Derive($Value, $Domain) }

        if ($result -is [string]) { Show-NativeTrouble $PSCmdlet $class $result $Value }
        else { $result }
    }
}
