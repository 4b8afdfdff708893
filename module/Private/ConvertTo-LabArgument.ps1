function ConvertTo-LabArgument {
    <#
    .SYNOPSIS
    Returns a bound parameter as the world of a lab takes it: dates in UTC, bytes as base64; of a secret only that there is one.
    #>
    param(
        [object] $Value
    )

    if ($Value -is [psobject] -and $Value.PSObject.BaseObject -isnot [Management.Automation.PSCustomObject]) { $Value = $Value.PSObject.BaseObject }
    if ($Value -is [securestring] -or $Value -is [pscredential]) { return @{ secret = $true } }
    if ($Value -is [switch]) { return [bool]$Value }
    if ($Value -is [byte[]]) { return @{ bytes = [Convert]::ToBase64String($Value) } }
    if ($Value -is [datetime]) { return $Value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [cultureinfo]::InvariantCulture) }
    if ($Value -is [guid] -or $Value -is [timespan]) { return [string]$Value }
    if ($Value -is [Collections.IDictionary]) {
        $table = @{}
        foreach ($key in $Value.Keys) { $table[[string]$key] = ConvertTo-LabArgument $Value[$key] }
        return $table
    }
    if ($Value -is [Collections.IEnumerable] -and $Value -isnot [string]) {
        $items = [object[]]@(foreach ($item in $Value) { , (ConvertTo-LabArgument $item) })
        return , $items
    }
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [bool] -or $Value -is [int] -or $Value -is [uint32] -or $Value -is [long]) { return $Value }
    [string]$Value
}
