function Get-ObjectLabel {
    <#
    .SYNOPSIS
    Returns what an administrator would call an object, for messages; nothing for a bare value, which the message quotes.
    #>
    [OutputType([string])]
    param(
        [object] $Value
    )

    if ($null -eq $Value -or $Value -is [string]) { return '' }
    foreach ($name in 'UserPrincipalName', 'PrimarySmtpAddress', 'DistinguishedName', 'Identity', 'DisplayName', 'Name') {
        $property = $Value.PSObject.Properties[$name]
        if ($property -and $property.Value) { return [string]$property.Value }
    }
    ''
}
