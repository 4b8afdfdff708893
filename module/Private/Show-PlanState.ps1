function Show-PlanState {
    <#
    .SYNOPSIS
    Writes one round of Watch-CoexistPlan over the last one, and returns what the next round needs to know of it.
    .NOTES
    What matters comes first, and no more than fits: a screen that scrolls cannot be written over.
    #>
    [OutputType([hashtable])]
    param(
        [object[]] $States,

        # The result of the job: counts, Holders, NextDue.
        [object] $Result,

        [string] $Path,

        # What this function returned in the last round.
        [hashtable] $Screen
    )

    $width, $height = 120, 30
    # A host without a console refuses to say.
    try {
        $size = $Host.UI.RawUI.WindowSize
        if ($size.Width -gt 20 -and $size.Height -gt 8) { $width, $height = $size.Width, $size.Height }
    }
    catch { $size = $null }

    $order = 'Failed', 'Running', 'Pending', 'Due', 'Waiting', 'Skipped', 'Done'
    $counts = @(foreach ($state in $order) { if ($Result.$state) { "$($Result.$state) $($state.ToLowerInvariant())" } }) -join ', '
    $lines = [Collections.Generic.List[string]]::new()
    $lines.Add(('{0}  {1}' -f [datetime]::Now.ToString('HH:mm:ss'), $Path))
    $lines.Add($(if ($counts) { $counts } else { 'nothing is selected' }) + $(if ($Result.NextDue) { "; next due $($Result.NextDue)" }))
    foreach ($holder in $Result.Holders) {
        $gone = if ($holder.Alive -eq $false) { ': it died, and the next run goes on' }
        $lines.Add("$($holder.Surface): process $($holder.Pid) of $($holder.User) on $($holder.Host) since $($holder.Since)$gone")
    }
    $lines.Add('')
    $room = $height - $lines.Count - 2
    $shown = @($States | Where-Object State -NE 'Done' | Sort-Object { [array]::IndexOf($order, $_.State) }, DueAt, Name)
    foreach ($row in $shown | Select-Object -First ([Math]::Max(1, $room))) {
        $what = if ($row.State -in 'Failed', 'Skipped') { "$($row.Code): $(if ($row.Cause) { $row.Cause } else { $row.Message }) $($row.Action)" }
        elseif ($row.WaitsFor) { "waits for $(([string]$row.WaitsFor).Replace(($row.Operation -replace '[^/]*$'), ''))" } elseif ($row.DueAt) { "due $($row.DueAt)" } else { $row.Since }
        $lines.Add(('{0,-8} {1,-32} {2,-16} {3}' -f $row.State, $row.Name, $row.Step, ($what -replace '\s+', ' ')).TrimEnd())
    }
    if ($shown.Count -gt $room) { $lines.Add("... and $($shown.Count - $room) more") }

    # A line that wraps would be two; some characters take two cells.
    $cells = { param($Text) try { $Host.UI.RawUI.LengthInBufferCells($Text) } catch { $Text.Length } }
    $fitted = @(foreach ($line in $lines) {
            $over = (& $cells $line) - $width + 1
            if ($over -gt 0) { $line.Substring(0, [Math]::Max(0, $line.Length - $over)) } else { $line }
        })
    # Without the time: what has changed.
    $told = @($fitted | Select-Object -Skip 1) -join "`n"
    $moved = $false
    if ($Screen -and $Screen.Cursor) {
        try {
            $Host.UI.RawUI.CursorPosition = $Screen.Cursor
            $moved = $true
        }
        catch { $moved = $false }
    }
    if ($Screen -and -not $moved -and $Screen.Told -eq $told) { return $Screen }
    $blank = if ($moved) { [Math]::Max(0, $Screen.Lines - $fitted.Count) } else { 0 }
    foreach ($line in $fitted + @('') * $blank) {
        # Over what stood there.
        $rest = if ($moved) { [Math]::Max(0, $width - 1 - (& $cells $line)) } else { 0 }
        Write-Host ($line + ' ' * $rest)
    }

    $cursor = $null
    # Where the first line now stands: the screen may have scrolled on the way.
    try {
        $now = $Host.UI.RawUI.CursorPosition
        if ($size -and $now.Y -ge $fitted.Count + $blank) { $cursor = [Management.Automation.Host.Coordinates]::new(0, $now.Y - $fitted.Count - $blank) }
    }
    catch { $cursor = $null }
    @{ Cursor = $cursor; Lines = $fitted.Count; Told = $told }
}
