function ConvertTo-NativeResult {
    <#
    .SYNOPSIS
    Returns the result of a job as an object of PowerShell: its own properties capitalized, under a type name.
    #>
    param(
        [object] $Value,
        [string] $TypeName
    )

    $properties = [ordered]@{ PSTypeName = $TypeName }
    foreach ($property in $Value.PSObject.Properties) {
        $properties[$property.Name.Substring(0, 1).ToUpperInvariant() + $property.Name.Substring(1)] = $property.Value
    }
    [pscustomobject]$properties
}
