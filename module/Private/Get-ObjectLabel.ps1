function Get-ObjectLabel {
    <#
    .SYNOPSIS
    Returns what an administrator would call an object, for messages.
    #>
    param(
        [object] $Value
    )

    foreach ($name in 'UserPrincipalName', 'PrimarySmtpAddress', 'DistinguishedName', 'Identity', 'DisplayName', 'Name') {
        $property = $Value.PSObject.Properties[$name]
        if ($property -and $property.Value) { return [string]$property.Value }
    }
    if ($Value -is [byte[]]) { return [BitConverter]::ToString($Value) }
    [string]$Value
}
