function Remove-DateMark {
    <#
    .SYNOPSIS
    Takes the mark off dates again, in place, for ConvertFrom-NativeJson.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes values in memory.')]
    param(
        [object] $Value
    )

    if ($Value -is [string]) { return $Value.TrimStart([char]0x2060) }
    if ($Value -is [Collections.IList]) {
        for ($i = 0; $i -lt $Value.Count; $i++) { $Value[$i] = Remove-DateMark $Value[$i] }
        return , $Value
    }
    if ($Value -is [psobject]) {
        foreach ($property in $Value.PSObject.Properties) { $property.Value = Remove-DateMark $property.Value }
    }
    $Value
}
