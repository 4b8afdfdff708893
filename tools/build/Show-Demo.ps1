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

$differ = @($rows | Where-Object { -not $_.Agree })
if ($differ) {
    Write-Host "`n$($differ.Count) of $($rows.Count) rows do NOT agree."
    exit 1
}
Write-Host "`nAll $($rows.Count) rows agree. The plan for $($summary.People) people is $plan."
