function Add-SnapshotValue {
    <#
    .SYNOPSIS
    Appends a value as JSON. Lists stay lists; Exchange's addresses, sizes and enums become the text that they show; Graph's and custom objects
    become objects.
    #>
    param(
        [Text.StringBuilder] $Line,
        [object] $Value,
        [int] $Depth
    )

    if ($null -eq $Value) { $null = $Line.Append('null'); return }
    $plain = $Value
    if ($Value -is [psobject]) { $plain = $Value.PSObject.BaseObject }

    if ($plain -is [string]) { $text = $plain }
    elseif ($plain -is [bool]) { $null = $Line.Append($(if ($plain) { 'true' } else { 'false' })); return }
    elseif ($plain -is [byte[]]) { $text = [BitConverter]::ToString($plain) }
    elseif ($plain -is [datetime]) {
        if ($plain.Kind -eq 'Local') { $plain = $plain.ToUniversalTime() }
        $text = $plain.ToString('o', [cultureinfo]::InvariantCulture)
    }
    elseif ($plain -is [DateTimeOffset]) { $text = $plain.UtcDateTime.ToString('o', [cultureinfo]::InvariantCulture) }
    elseif ($plain -is [int] -or $plain -is [long] -or $plain -is [uint32] -or $plain -is [int16] -or $plain -is [byte]) {
        $null = $Line.Append($plain.ToString([cultureinfo]::InvariantCulture))
        return
    }
    elseif ($plain -is [enum] -or $plain -is [guid] -or $plain -is [ValueType]) { $text = [string]$plain }
    else {
        $type = $Value.PSObject.TypeNames[0] -replace '^Deserialized\.'
        if ($plain -is [Collections.IDictionary] -or $type -like 'Microsoft.Graph.*' -or $type -eq 'System.Management.Automation.PSCustomObject') {
            if ($Depth -ge 6) { $null = $Line.Append('null'); return }
            $null = $Line.Append('{')
            $separator = ''
            $pairs = if ($plain -is [Collections.IDictionary]) { $plain.GetEnumerator() } else { $Value.PSObject.Properties }
            foreach ($pair in $pairs) {
                $name = if ($plain -is [Collections.IDictionary]) { [string]$pair.Key } else { $pair.Name }
                $null = $Line.Append($separator)
                Add-SnapshotValue $Line $name ($Depth + 1)
                $null = $Line.Append(':')
                Add-SnapshotValue $Line $pair.Value ($Depth + 1)
                $separator = ','
            }
            $null = $Line.Append('}')
            return
        }
        if ($plain -is [Collections.IEnumerable]) {
            if ($Depth -ge 6) { $null = $Line.Append('null'); return }
            $null = $Line.Append('[')
            $separator = ''
            foreach ($item in $plain) {
                $null = $Line.Append($separator)
                if ($item -is [string] -and $item -notmatch '["\\\x00-\x1f]') { $null = $Line.Append('"').Append($item).Append('"') }
                else { Add-SnapshotValue $Line $item ($Depth + 1) }
                $separator = ','
            }
            $null = $Line.Append(']')
            return
        }
        $text = $Value.ToString()
    }

    if ($text -match '["\\\x00-\x1f]') {
        $text = [regex]::Replace($text.Replace('\', '\\').Replace('"', '\"'), '[\x00-\x1f]', { param($found) '\u{0:x4}' -f [int][char]$found.Value })
    }
    $null = $Line.Append('"').Append($text).Append('"')
}
