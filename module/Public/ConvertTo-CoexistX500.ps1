function ConvertTo-CoexistX500 {
    <#
    .SYNOPSIS
    Derives the X500 address that keeps old mail answerable, from a LegacyExchangeDN or from the IMCEAEX address of an NDR.

    .DESCRIPTION
    Outlook remembers recipients of the own organization by LegacyExchangeDN. After a move, replies to old mail reach a mailbox only if one of
    its proxy addresses is that LegacyExchangeDN as an X500 address; else they bounce with an NDR that names an IMCEAEX address.

    Piped recipients are read by their property LegacyExchangeDN. Bare values are a LegacyExchangeDN, an X500 address, or an IMCEAEX address,
    which is decoded in one pass as MS-OXCMAIL says: octets as UTF-8, any case of the prefix, the domain after the last @.

    One object in, one object out, at once.

    .PARAMETER Value
    The recipient, or a bare value.

    .PARAMETER LegacyExchangeDN
    The property of that name of a piped recipient. Get-EXOMailbox leaves it out unless asked: -Properties LegacyExchangeDN.

    .PARAMETER Lenient
    Also undoes what happens to an address that is copied from the text of an NDR: angle brackets, mailto:, quoted-printable, HTML and URL escapes.

    .INPUTS
    Mailboxes, mail users and other recipients of Exchange with LegacyExchangeDN, System.String.

    .OUTPUTS
    Coexist.X500Address: X500, LegacyExchangeDN, Imceaex and Domain (where the input was an IMCEAEX address).

    .EXAMPLE
    '/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=0b6f-anna' | ConvertTo-CoexistX500

    Derives the X500 address of a LegacyExchangeDN.

    .EXAMPLE
    ConvertTo-CoexistX500 'IMCEAEX-_O=MMS_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP_CN=RECIPIENTS_CN=anna+2Emiller@contoso.com' | Select-Object X500, Domain

    Decodes the address that an NDR names.

    .EXAMPLE
    [pscustomobject]@{ PrimarySmtpAddress = 'anna@contoso.com'; LegacyExchangeDN = '/o=contoso/ou=First/cn=Recipients/cn=anna' } |
        ConvertTo-CoexistX500 | ForEach-Object { Write-Output $_.X500 }

    Lists the addresses to add. Recipients are piped the same way: Get-Mailbox -ResultSize Unlimited | ConvertTo-CoexistX500.

    .NOTES
    Errors, one for each object; the others go on:
    X500NotRecognized     the value is neither a LegacyExchangeDN nor an X500 address
    ImceaexNotRecognized  the value begins as an IMCEAEX address and does not go on as one
    ImceaexNotUtf8        the decoded octets are not UTF-8
    ImceaOfAnotherType    the address stands for another kind than EX

    .LINK
    ConvertTo-CoexistImceaex
    #>
    [CmdletBinding()]
    [OutputType('Coexist.X500Address')]
    param(
        [Parameter(Position = 0, ValueFromPipeline)]
        [object] $Value,

        [Parameter(ValueFromPipelineByPropertyName)]
        [AllowNull()]
        [object] $LegacyExchangeDN = [DBNull]::Value,

        [switch] $Lenient
    )

    begin {
        $class = Get-NativeType $PSCmdlet Coexist.X500Address
        $mode = if ($Lenient) { '1' } else { '' }
    }

    process {
        # DBNull: not on the object.
        if ($LegacyExchangeDN -isnot [DBNull]) { $result = $class::Derive($LegacyExchangeDN, $mode) }
        else { $result = $class::Derive($Value, $mode) }

        if ($result -is [string]) { Show-NativeTrouble $PSCmdlet $class $result $Value }
        else { $result }
    }
}
