<#
.SYNOPSIS
Carries out a plan from a scheduled task: connects, runs Invoke-CoexistPlan or Undo-CoexistPlan, writes a log, asks nothing, and ends with an exit code.

.DESCRIPTION
PowerShell itself ends with 0 after errors that do not terminate. This script ends with

0  everything that was selected is done
2  nothing is wrong, but something is pending, or waits for its time, its gate or another process: run it again
3  something was skipped
4  something failed
5  stopped early: by -StopOn, or by an error in the middle; the journal has what was done
6  refused before anything was done: no plan, no connection, the wrong tenant, a lock, a log that cannot be written

and 1 is PowerShell's own: the script was not found, or its parameters do not bind.

Signing in differs everywhere, so it stands in a script of yours, -ConnectScript: it signs in without a person (certificate, managed identity) and calls
Connect-CoexistTenant. What it writes is not logged; an error of it ends the run with 6. The module is imported before it runs.

Nothing is ever asked. What would have to be confirmed one by one was decided when the task was registered; what cannot be taken back is skipped without
-AllowIrreversible.

The log is UTF-8, and each run is added to it: a line for its beginning, one for each operation that it came to and for each error, one for its end with the
counts, also of what waits. Fields are separated by
tabs: time (UTC), what, code, operation, surface, step, name, message. It has no secrets in it, but names of people. Give each task a log of its own.

.PARAMETER Plan
The plan of New-CoexistPlan, or the plan of batches of New-CoexistBatchPlan.

.PARAMETER ConnectScript
The script that connects the tenant and the surface of this process.

.PARAMETER LogPath
The log. Its folder must be there.

.PARAMETER Undo
Take back instead of carrying out.

.PARAMETER Stage
As of Invoke-CoexistPlan, and so are Item, Batch, BatchPlan, Subject, Surface, MaxOperations, StopOn, NoWait, AllowIrreversible, Passed, ExportPath.

.EXAMPLE
pwsh -NoProfile -NonInteractive -File Invoke-CoexistTask.ps1 -Plan D:\cutover\plan.json -ConnectScript D:\cutover\connect-exchange.ps1 -Surface exchange -LogPath D:\cutover\exchange.log

What a task of the Windows Task Scheduler starts. Examples of tasks, of crontab lines and of connect scripts are in examples/ of the repository.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Plan,

    [Parameter(Mandatory)] [string] $ConnectScript,

    [Parameter(Mandatory)] [string] $LogPath,

    [switch] $Undo,

    [string[]] $Stage,

    [string[]] $Item,

    [string[]] $Batch,

    [string] $BatchPlan,

    [string[]] $Subject,

    [string[]] $Surface,

    [int] $MaxOperations,

    [string] $StopOn,

    [switch] $NoWait,

    [switch] $AllowIrreversible,

    [string[]] $Passed,

    [string] $ExportPath
)

$ErrorActionPreference = 'Stop'
$ConfirmPreference = 'None'
$WhatIfPreference = $false
$ProgressPreference = $InformationPreference = 'SilentlyContinue'

function Write-TaskLog {
    # One line, whatever is in the fields. A log that fills its disk does not end the run: the journal is what counts, and it ends it.
    param([Parameter(ValueFromRemainingArguments)] [string[]] $Field)

    $line = @([datetime]::UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", [cultureinfo]::InvariantCulture)) + $Field
    $text = @(foreach ($part in $line) { ([string]$part) -replace '[\x00-\x1f\x7f]+', ' ' }) -join "`t"
    try { $log.WriteLine($text) }
    catch { [Console]::Error.WriteLine("The log cannot be written: $($_.Exception.Message)") }
}

function Get-TaskError {
    # Code and message of an error. The id of an ErrorRecord ends with the command that raised it.
    param([Management.Automation.ErrorRecord] $ErrorRecord)

    @(([string]$ErrorRecord.FullyQualifiedErrorId -split ',')[0]), $ErrorRecord.Exception.Message
}

$log = $null
$code = 6
$begun = $false
try {
    $folder = $PWD.ProviderPath
    $stream = [IO.FileStream]::new([IO.Path]::Combine($folder, $LogPath), [IO.FileMode]::Append, [IO.FileAccess]::Write, [IO.FileShare]::ReadWrite)
    $log = [IO.StreamWriter]::new($stream, [Text.UTF8Encoding]::new($false))
    $log.AutoFlush = $true
}
catch {
    [Console]::Error.WriteLine("The log '$LogPath' cannot be written, so nothing was done: $($_.Exception.Message)")
    exit 6
}

try {
    $arguments = @{ Path = $Plan; Confirm = $false; WhatIf = $false }
    foreach ($name in 'Stage', 'Item', 'Batch', 'BatchPlan', 'Subject', 'Surface', 'MaxOperations', 'StopOn', 'NoWait', 'AllowIrreversible', 'Passed', 'ExportPath') {
        if (-not $PSBoundParameters.ContainsKey($name)) { continue }
        # pwsh -File passes 'a,b' as one word.
        $arguments[$name] = if ($PSBoundParameters[$name] -is [array]) { @($PSBoundParameters[$name] | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim() } | Where-Object { $_ }) } else { $PSBoundParameters[$name] }
    }
    $command = if ($Undo) { 'Undo-CoexistPlan' } else { 'Invoke-CoexistPlan' }
    if ($Undo) { foreach ($name in 'AllowIrreversible', 'Passed') { $arguments.Remove($name) } }
    $selected = @(foreach ($name in $arguments.Keys | Where-Object { $_ -notin 'Path', 'Confirm', 'WhatIf' } | Sort-Object) { "$name=$($arguments[$name] -join ',')" }) -join ' '
    Write-TaskLog begin '' '' '' '' '' "$command $Plan $selected, process $PID of $([Environment]::UserName) on $([Environment]::MachineName)"

    Import-Module (Join-Path $PSScriptRoot 'Coexist.psd1')
    if (-not (Test-Path -LiteralPath $ConnectScript -PathType Leaf)) { throw [IO.FileNotFoundException]::new("The connect script '$ConnectScript' is missing.") }
    $null = & (Resolve-Path -LiteralPath $ConnectScript).ProviderPath *>&1

    $summaries = [Collections.Generic.List[object]]::new()
    # An error of an operation is a line, and the next operation goes on.
    & $command @arguments -ErrorAction Continue 2>&1 3>&1 | ForEach-Object {
        if ($_ -is [Management.Automation.ErrorRecord]) {
            # Rows say it themselves; this is what is about no operation.
            if ($_.CategoryInfo.Category -ne 'WriteError') { $said = Get-TaskError $_; Write-TaskLog error $said[0] '' '' '' '' $said[1] }
        }
        elseif ($_ -is [Management.Automation.WarningRecord]) { Write-TaskLog warning '' '' '' '' '' $_.Message }
        elseif ($_.PSObject.TypeNames -contains 'Coexist.ApplicationSummary') { $summaries.Add($_) }
        elseif ($_.Outcome -ne 'Waiting') {
            $begun = $begun -or $_.Outcome -ne 'Skipped'
            Write-TaskLog $_.Outcome $_.Code $_.Operation $_.Surface $_.Step $_.Name "$($_.Message) $($_.Action)".Trim()
        }
    }
    $summary = $summaries | Select-Object -Last 1
    $code = if ($summary) { $summary.ExitCode } elseif ($begun) { 5 } else { 6 }
    if ($summary) {
        $counts = @(foreach ($name in 'Operations', 'Earlier', 'Done', 'AlreadyDone', 'Undone', 'Pending', 'Waiting', 'Skipped', 'Failed') { if ($summary.$name) { "$name $($summary.$name)" } }) -join ', '
        Write-TaskLog end $code '' '' '' '' "$counts$(if ($summary.NextDue) { "; next due $($summary.NextDue)" })$(if ($summary.Stopped) { "; stopped by $($summary.Stopped)" })"
        $summary | Format-List | Out-String | Write-Output
    }
    else { Write-TaskLog end $code '' '' '' '' 'without a summary' }
}
catch {
    if ($begun) { $code = 5 }
    $said = Get-TaskError $_
    Write-TaskLog error $said[0] '' '' '' '' $said[1]
    Write-TaskLog end $code '' '' '' '' $(if ($begun) { 'stopped by an error; the journal has what was done' } else { 'nothing was done' })
    [Console]::Error.WriteLine("$($said[0]): $($said[1])")
}
finally {
    $log.Dispose()
}
exit $code
