function ConvertFrom-NativeJson {
    <#
    .SYNOPSIS
    Parses JSON of the engine into objects, and leaves dates the text that they are.
    .NOTES
    ConvertFrom-Json makes a DateTime of text that looks like an ISO date, in another zone and without its precision, in PowerShell 6 to 7.4;
    from 7.5 on it can be told not to, and Windows PowerShell never does. In between, such text is marked before and unmarked after.
    #>
    param(
        [string] $Json
    )

    if ($PSVersionTable.PSVersion.Major -lt 6) { return $Json | ConvertFrom-Json }
    if ($PSVersionTable.PSVersion -ge '7.5') { return $Json | ConvertFrom-Json -DateKind String -Depth 100 }

    $marked = [regex]::Replace($Json, '(?<=[:,\[]\s*")(?=\d{4}-\d\d-\d\dT\d\d:)', [string][char]0x2060)
    $value = $marked | ConvertFrom-Json -Depth 100
    if (-not [object]::ReferenceEquals($marked, $Json)) { $value = Remove-DateMark $value }
    $value
}
