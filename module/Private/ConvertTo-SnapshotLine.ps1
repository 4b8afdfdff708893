function ConvertTo-SnapshotLine {
    <#
    .SYNOPSIS
    Returns the named properties of an object as one line of JSON; a property that the object does not have is left out.
    .NOTES
    By hand, because ConvertTo-Json takes five times as long per object, cuts at a depth, and writes Exchange's own types as objects.
    #>
    [OutputType([string])]
    param(
        [object] $InputObject,
        [string[]] $Property
    )

    $line = [Text.StringBuilder]::new('{', 1024)
    $members = $InputObject.PSObject.Properties
    $separator = ''
    foreach ($name in $Property) {
        $member = $members[$name]
        if ($null -eq $member) { continue }
        $value = $member.Value
        $null = $line.Append($separator).Append('"').Append($name).Append('":')
        # What most values are, without a call.
        if ($null -eq $value) { $null = $line.Append('null') }
        elseif ($value -is [string] -and $value -notmatch '["\\\x00-\x1f]') { $null = $line.Append('"').Append($value).Append('"') }
        elseif ($value -is [bool]) { $null = $line.Append($(if ($value) { 'true' } else { 'false' })) }
        else { Add-SnapshotValue $line $value 0 }
        $separator = ','
    }
    $line.Append('}').ToString()
}
