<#
.SYNOPSIS
Plays the whole path on two fictional tenants, and compares what was planted with what was found. Exits with 1 where they differ.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Manifest,

    # The folder of the lab.
    [Parameter(Mandatory)] [string] $Path,

    [int] $People = 2000
)

$ErrorActionPreference = 'Stop'
if ($PSStyle) { $PSStyle.OutputRendering = 'PlainText' }
Import-Module $Manifest

function Show([string] $Title, [string] $Command) {
    Write-Host "`n$Title"
    Write-Host "    PS> $Command`n"
}

Show "1. Two fictional tenants: $People people of Contoso are to move to Fabrikam. Every trouble of such a move is planted, in known numbers." "New-CoexistLab $Path -People $People -Force"
$lab = New-CoexistLab $Path -People $People -Force
$lab | Format-List Path, Specification, People, Seed | Out-String | ForEach-Object Trim | Write-Host

Show '2. What was exported from the two. Damaged records are errors, one each with file and line; here they are counted.' "Get-CoexistSnapshot $Path/source"
foreach ($tenant in 'source', 'target') {
    $broken = $null
    Get-CoexistSnapshot (Join-Path $Path $tenant) -ErrorVariable broken -ErrorAction SilentlyContinue | Out-String | ForEach-Object Trim | Write-Host
    Write-Host "Bad records: $(@($broken).Count)`n"
}

Show '3. What stands in the way. A finding stops only the person whom it is about.' "Test-CoexistReadiness $($lab.Specification)"
$problems = $null
$findings = Test-CoexistReadiness $lab.Specification -ErrorVariable problems -ErrorAction SilentlyContinue
$findings | Group-Object Severity -NoElement | Sort-Object Name | Format-Table Count, Name | Out-String | ForEach-Object Trim | Write-Host
$example = $findings | Where-Object Severity -EQ error | Select-Object -First 1
Write-Host "`nOne of them in full:"
$example | Format-List Severity, Code, Name, Message, Why, Remedy, Source | Out-String -Width 150 | ForEach-Object Trim | Write-Host

$plan = Join-Path $Path 'plan.json'
Show '4. The plan: what must be done to the target mail users before the mailboxes can move.' "New-CoexistPlan $($lab.Specification) -Item MC-01 -Path $plan"
$summary = New-CoexistPlan $lab.Specification -Item MC-01 -Path $plan -Force -ErrorAction SilentlyContinue
$summary | Format-List Path, People, Ready, Blocked, Operations | Out-String | ForEach-Object Trim | Write-Host

$document = [IO.File]::ReadAllText($plan) | ConvertFrom-Json
$person = $document.operations | Group-Object name | Sort-Object Count, Name -Descending | Select-Object -First 1
Write-Host "`nThe operations of one person, $($person.Name):"
$order = @{ prepare = 0; preStage = 1; cutover = 2; settle = 3; cleanUp = 4 }
$person.Group | ForEach-Object {
    $step = ($_.id -split '/')[-1]
    $form = $document.steps.$step.forms.($_.form)
    [pscustomobject]@{ Stage = $form.stage; Surface = $form.surface; Step = $step; After = @($form.dependsOn) -join ', '; What = $document.steps.$step.what }
} | Sort-Object { $order[$_.Stage] } | Format-Table | Out-String -Width 150 | ForEach-Object Trim | Write-Host

$batchFile = Join-Path $Path 'batches.json'
Show '5. Who moves together, on which night: as few ties broken as possible, every cap and date kept.' "New-CoexistBatchPlan -Specification $($lab.Specification) -TiesPath $Path/ties.csv -Path $batchFile -As Night"
$batching = @{ Specification = $lab.Specification; TiesPath = Join-Path $Path 'ties.csv'; ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
New-CoexistBatchPlan @batching -Path $batchFile -Force -As Night | Format-Table | Out-String -Width 150 | ForEach-Object Trim | Write-Host
$batches = New-CoexistBatchPlan @batching -As Summary
Write-Host "`n$($batches.CutTies) of $($batches.Ties) ties lead from one night to another; they weigh $($batches.CutWeight) of $($batches.TieWeight). What binds: $($batches.Binding)."
$tied = New-CoexistBatchPlan @batching | Where-Object Batch | Sort-Object CutWeight -Descending | Select-Object -First 1
Write-Host "`nWhy $($tied.Identity) is where they are:"
$why = New-CoexistBatchPlan @batching -Explain $tied.Identity
$why.Because | ForEach-Object { Write-Host "    $_" }
$why.Ties | Select-Object -First 6 | Format-Table Kind, Weight, Hard, Identity, Night, Cut | Out-String -Width 150 | ForEach-Object Trim | Write-Host

Write-Host "`n6. Planted against found:`n"
$found = @{}
foreach ($group in $findings | Group-Object Code) { $found[$group.Name] = $group.Count }
$planted = @{}
foreach ($property in $lab.Planted.findings.PSObject.Properties) { $planted[$property.Name] = $property.Value }
$rows = @(
    foreach ($code in @($planted.Keys) + @($found.Keys) | Sort-Object -Unique) {
        [pscustomobject]@{ Code = $code; Planted = [int]$planted[$code]; Found = [int]$found[$code]; Agree = [int]$planted[$code] -eq [int]$found[$code] }
    }
    [pscustomobject]@{ Code = '(bad records)'; Planted = @($lab.Planted.problems).Count; Found = @($problems).Count; Agree = @($lab.Planted.problems).Count -eq @($problems).Count }
)
$rows | Format-Table | Out-String | ForEach-Object Trim | Write-Host

$script:wrong = @($rows | Where-Object { -not $_.Agree }).Count
function Confirm-Demo([string] $What, [bool] $Holds) {
    Write-Host ("    {0}  {1}" -f $(if ($Holds) { 'yes' } else { 'NO ' }), $What)
    if (-not $Holds) { $script:wrong++ }
}

$target = $document.target.name
Show '7. The plan, to be applied: what would be done for one person. -WhatIf reads the tenant and changes nothing.' "Connect-CoexistTenant $target -Lab $Path; Invoke-CoexistPlan $plan -Subject $($person.Name) -WhatIf"
Connect-CoexistTenant $target -Lab $Path | Format-Table Tenant, Surface, Through | Out-String | ForEach-Object Trim | Write-Host
Invoke-CoexistPlan $plan -Subject $person.Name -WhatIf | Where-Object Operation | Format-Table Outcome, Stage, Surface, Step, Message | Out-String -Width 150 | ForEach-Object Trim | Write-Host

$connect = Join-Path $Path 'connect.ps1'
Set-Content -LiteralPath $connect -Encoding ASCII -Value "Connect-CoexistTenant '$target' -Lab '$($Path -replace "'", "''")'"
$task = @('-NoProfile', '-NonInteractive', '-File', (Join-Path (Split-Path $Manifest) 'Invoke-CoexistTask.ps1'), '-Plan', $plan, '-ConnectScript', $connect, '-AllowIrreversible')
Show '8. A scheduled task applies it, and is killed in the middle.' "pwsh -File Invoke-CoexistTask.ps1 -Plan $plan -ConnectScript connect.ps1 -LogPath first.log"
$shell = (Get-Process -Id $PID).Path
$quoted = @($task + '-LogPath' + (Join-Path $Path 'first.log') | ForEach-Object { '"' + $_ + '"' })
$process = Start-Process $shell $quoted -PassThru
$journal = Join-Path $Path 'plan.journal'
$begun = 0
while (-not $process.HasExited -and $begun -lt $summary.Operations / 4) {
    Start-Sleep -Milliseconds 100
    $begun = 0
    foreach ($file in Get-ChildItem $journal -Filter *.jsonl -ErrorAction SilentlyContinue) {
        # Beside the process that writes it.
        $reader = [IO.StreamReader]::new([IO.FileStream]::new($file.FullName, 'Open', 'Read', 'ReadWrite'))
        while ($null -ne ($line = $reader.ReadLine())) { if ($line.StartsWith('{"line":"intent"')) { $begun++ } }
        $reader.Dispose()
    }
}
Stop-Process -InputObject $process -Force
$process.WaitForExit()
$killed = @(Get-CoexistJournal $plan)
Write-Host "The process $($process.Id) was killed. What the journal says of $($killed.Count) operations that it had begun:"
$killed | Group-Object Outcome -NoElement | Format-Table Count, Name | Out-String | ForEach-Object Trim | Write-Host
Confirm-Demo 'it was killed before its end' ($killed.Count -lt $summary.Operations -and $killed.Count -gt 0)

Show '9. The next run of the same task says that it takes over from a process that died, and goes on.' "Invoke-CoexistPlan $plan -AllowIrreversible -Confirm:`$false"
$resumed = @(Invoke-CoexistPlan $plan -AllowIrreversible -Confirm:$false -WarningVariable takenOver -WarningAction SilentlyContinue -ErrorAction SilentlyContinue)
$takenOver | Select-Object -First 2 | ForEach-Object { Write-Host "WARNING: $_" }
$resumed[-1] | Out-String | ForEach-Object Trim | Write-Host
$failed = @($resumed | Where-Object { $_.Outcome -eq 'Failed' })
if ($failed) {
    Write-Host "`nOne of the failures, in the service's words, with what to do:"
    $failed[0] | Format-List Name, What, Code, Message, Action | Out-String -Width 150 | ForEach-Object Trim | Write-Host
}
$entries = @(Get-CoexistJournal $plan)
$twice = @($entries | Where-Object Outcome -EQ Done | Group-Object Operation | Where-Object Count -GT 1)
$left = @($resumed | Where-Object { $_.Outcome -in 'Pending', 'Skipped' })
Confirm-Demo 'it took over from a process that had died' ([bool]$takenOver)
Confirm-Demo 'no operation was done twice' (-not $twice)
Confirm-Demo 'nothing is left in doubt or was left out' (-not $left)
Confirm-Demo 'only licences failed, of people whose usage location is not known, as the findings said' (-not @($failed | Where-Object Step -NE assignLicence))
Confirm-Demo 'only what waits for its batch waits: addresses go when the mailbox is synced' (-not @($resumed | Where-Object { $_.Outcome -eq 'Waiting' -and $_.Step -ne 'removeAddresses' }))

Show '10. Is it so? The target tenant, asked again, person by person.' "Get-FabrikamMailUser -Identity ..."
$mailUser = Get-Command -Noun *MailUser -ListImported | Where-Object { $_.Verb -eq 'Get' -and $_.Source -like '*Lab*' } | Select-Object -First 1
$stamped = @($entries | Where-Object { $_.Step -eq 'stamp' -and $_.Surface -eq 'exchange' -and $_.Outcome -eq 'Done' })
$lines = @{}
foreach ($line in $document.operations) { $lines[$line.id] = $line }
$sample = @($stamped | Select-Object -First 100)
$good = 0
foreach ($entry in $sample) {
    $line = $lines[$entry.Operation]
    $shown = & $mailUser -Identity $line.target
    $guid = -not $line.exchangeGuid -or [string]$shown.ExchangeGuid -eq $line.exchangeGuid
    if ($guid -and -not @($line.add | Where-Object { $_ -notin $shown.EmailAddresses })) { $good++ }
}
Write-Host "Of $($stamped.Count) stamped mail users, $($sample.Count) were looked at; $good have the ExchangeGuid and the addresses of the plan."
Confirm-Demo 'each of them has it' ($sample.Count -gt 0 -and $good -eq $sample.Count)

$placed = @(New-CoexistBatchPlan @batching | Where-Object Batch)
$batch = ($placed | Where-Object Identity -EQ $lines[$stamped[0].Operation].name).Batch
Show "11. One batch is put off: what was done for its people is taken back, and nothing else." "Undo-CoexistPlan $plan -Batch $batch -BatchPlan $batchFile"
$undone = @(Undo-CoexistPlan $plan -Batch $batch -BatchPlan $batchFile -Confirm:$false -ErrorAction SilentlyContinue)
$undone | Where-Object Operation | Group-Object Outcome, Step -NoElement | Format-Table Count, Name | Out-String | ForEach-Object Trim | Write-Host
$undone[-1] | Out-String | ForEach-Object Trim | Write-Host
$members = @($placed | Where-Object Batch -EQ $batch | ForEach-Object Identity)
Confirm-Demo 'something was taken back' (@($undone | Where-Object Outcome -EQ Undone).Count -gt 0)
Confirm-Demo 'only of people of that batch' (-not @($undone | Where-Object { $_.Operation -and $_.Name -notin $members }))

Show '12. The journal: who did what, when, and what was there before.' "Get-CoexistJournal $plan"
$last = @(Get-CoexistJournal $plan) | Select-Object -Last 6
$last | Format-Table At, Act, Outcome, Step, Surface, Operation | Out-String -Width 150 | ForEach-Object Trim | Write-Host
$last[-1] | Format-List At, Act, Operation, Before, After, Run, Host, User | Out-String -Width 150 | ForEach-Object Trim | Write-Host

if ($script:wrong) {
    Write-Host "`n$($script:wrong) things are NOT as they should be; see above."
    exit 1
}
Write-Host "`nAll $($rows.Count) rows agree, and everything that was looked at holds. The plan for $($summary.People) people is $plan."
