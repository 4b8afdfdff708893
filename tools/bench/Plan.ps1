<#
.SYNOPSIS
What reading, comparing and planning two tenants cost, against parsing the same bytes with serde_json on one thread: at most 3, in under 2 GiB.
.DESCRIPTION
Each measurement is a process of its own, the kinds in turn, and a figure is the median of all rounds; peak memory is the largest seen.
    parse   serde_json on one thread into structs that borrow from the bytes, which are in memory already
    judge   Test-CoexistReadiness without its output: read, look up, match, compare, judge
    plan    New-CoexistPlan: the same, and every operation written to the disk
#>
[CmdletBinding()]
param(
    # The program of `cargo build --release -p coexist-files --example bench`.
    [Parameter(Mandatory)] [string] $Program,

    # Where the lab is written: about 4 GB at 500,000 people.
    [Parameter(Mandatory)] [string] $Folder,

    [int] $People = 500000,

    [int] $Rounds = 3
)

$ErrorActionPreference = 'Stop'

function Invoke-Measurement([string] $Command, [string[]] $ArgumentList) {
    $line = & $Command @ArgumentList 2> $null | Select-Object -Last 1
    if ($LASTEXITCODE -ne 0) { throw "'$Command $($ArgumentList -join ' ')' failed; run it by itself to see why." }
    $line | ConvertFrom-Json
}

function Get-Median([double[]] $Values) {
    $sorted = @($Values | Sort-Object)
    $sorted[[int][Math]::Floor($sorted.Count / 2)]
}

$null = Invoke-Measurement $Program lab, $Folder, $People
try {
    $seconds = @{ parse = @(); judge = @(); plan = @() }
    $peak = 0.0
    for ($round = 0; $round -lt $Rounds; $round++) {
        foreach ($kind in 'parse', 'judge', 'plan') {
            $measured = Invoke-Measurement $Program $kind, $Folder
            $seconds[$kind] += $measured.seconds
            if ($kind -eq 'plan') { $peak = [Math]::Max($peak, $measured.peakKiB / 1MB) }
            if ($kind -eq 'parse') { $bytes = $measured.bytes }
        }
    }
    $parse, $judge, $plan = 'parse', 'judge', 'plan' | ForEach-Object { Get-Median $seconds[$_] }
    $what = '{0:n0} source mailboxes and their targets, {1:n2} GB' -f $People, ($bytes / 1e9)
    [pscustomobject]@{ Figure = 'read, compare and judge / parse'; Ratio = $judge / $parse; Limit = 3; Detail = '{0:n2} s / {1:n2} s; {2}' -f $judge, $parse, $what }
    [pscustomobject]@{ Figure = 'the same, and the plan written / parse'; Ratio = $plan / $parse; Limit = 3; Detail = '{0:n2} s / {1:n2} s; {2}' -f $plan, $parse, $what }
    [pscustomobject]@{ Figure = 'peak memory of the plan, in GiB'; Ratio = $peak; Limit = 2; Detail = $what }
}
finally { Remove-Item $Folder -Recurse -Force -ErrorAction Ignore }
