<#
.SYNOPSIS
What placing people cuts and costs, against gpmetis (Debian's package metis): never more ties than one run of it with -ncuts=10 -niter=50, and at 500,000
people and 5,000,000 ties at most 10 times as long as one default run, in under 2 GiB.
.DESCRIPTION
Every place may hold 3 % more than an even share (gpmetis -ufactor=30), and ours never hold more. Both times are processor time without reading: what gpmetis
reports as Partitioning, and what our process used of all processors while placing.
Where gpmetis is not installed nothing can be compared, and the figures say so.
#>
[CmdletBinding()]
param(
    # The program of `cargo build --release -p coexist-core --example batch_bench`.
    [Parameter(Mandatory)] [string] $Program,

    # Where graphs are written: about 150 MB.
    [Parameter(Mandatory)] [string] $Folder,

    # Further graphs to compare on: edge lists such as SNAP's email-Enron.txt, or graphs of METIS (*.graph).
    [string[]] $Graph = @(),

    [int[]] $Places = @(8, 19, 26, 100),

    [int] $People = 500000,

    [int] $Ties = 5000000,

    [string] $Metis = 'gpmetis'
)

$ErrorActionPreference = 'Stop'

function Invoke-Placing([string] $Command, [string] $File, [int] $Count) {
    $line = & $Command place $File $Count 103 | Select-Object -Last 1
    if ($LASTEXITCODE -ne 0) { throw "'$Command place $File $Count 103' failed; run it by itself to see why." }
    $line | ConvertFrom-Json
}

function Invoke-MetisRun([string] $File, [int] $Count, [string[]] $Option) {
    $lines = & $Metis @Option '-ufactor=30' $File $Count
    if ($LASTEXITCODE -ne 0) { throw "'$Metis $Option -ufactor=30 $File $Count' failed; run it by itself to see why." }
    Remove-Item "$File.part.$Count" -ErrorAction Ignore
    $text = $lines -join "`n"
    [pscustomobject]@{
        Cut = [long][regex]::Match($text, 'Edgecut: (\d+)').Groups[1].Value
        Seconds = [double]::Parse([regex]::Match($text, 'Partitioning:\s+([\d.]+)').Groups[1].Value, [cultureinfo]::InvariantCulture)
    }
}

function Write-Graph([string] $Command, [string[]] $ArgumentList) {
    & $Command @ArgumentList
    if ($LASTEXITCODE -ne 0) { throw "'$Command $ArgumentList' failed; run it by itself to see why." }
}

$null = New-Item $Folder -ItemType Directory -Force
try {
    $small = Join-Path $Folder 'small.graph'
    Write-Graph $Program 'graph', 'departments', 5000, 25000, $small
    $milliseconds = @(1..7 | ForEach-Object { 1000 * (Invoke-Placing $Program $small 26).seconds } | Sort-Object)[3]
    [pscustomobject]@{
        Figure = 'placing 5,000 people, of 100 ms'; Ratio = $milliseconds / 100; Limit = 1
        Detail = '{0:n0} ms; 26 places, 25,000 ties' -f $milliseconds
    }
    if (-not (Get-Command $Metis -ErrorAction Ignore)) {
        [pscustomobject]@{ Figure = 'ties cut, and time, against METIS'; Ratio = 0; Limit = 1; Detail = "skipped: there is no '$Metis' (Debian's package metis)" }
        return
    }

    $files = @(foreach ($kind in 'departments', 'geometric', 'scale-free') {
            $file = Join-Path $Folder "$kind.graph"
            Write-Graph $Program 'graph', $kind, 30000, 150000, $file
            $file
        }
        foreach ($source in $Graph) {
            $file = Join-Path $Folder ([IO.Path]::GetFileNameWithoutExtension($source) + '.graph')
            Write-Graph $Program 'metis', $source, $file
            $file
        })
    foreach ($file in $files) {
        foreach ($count in $Places) {
            $placed = Invoke-Placing $Program $file $count
            $once = Invoke-MetisRun $file $count @()
            $often = Invoke-MetisRun $file $count @('-ncuts=10', '-niter=50')
            [pscustomobject]@{
                Figure = 'ties cut / METIS -ncuts=10 -niter=50: {0}, {1} places' -f [IO.Path]::GetFileNameWithoutExtension($file), $count; Ratio = $placed.cut / $often.Cut; Limit = 1
                Detail = '{0:n0} / {1:n0} (METIS by default {2:n0}); {3:n2} s / {4:n2} s of processors' -f $placed.cut, $often.Cut, $once.Cut, $placed.processorSeconds, $often.Seconds
            }
        }
    }

    $large = Join-Path $Folder 'large.graph'
    Write-Graph $Program 'graph', 'departments', $People, $Ties, $large
    $peak = 0.0
    foreach ($count in 26, 250) {
        $placed = Invoke-Placing $Program $large $count
        $once = Invoke-MetisRun $large $count @()
        $peak = [Math]::Max($peak, $placed.peakKiB / 1MB)
        $what = '{0:n0} people, {1:n0} ties, {2} places' -f $People, $Ties, $count
        [pscustomobject]@{
            Figure = "placing / METIS by default: $count places"; Ratio = $placed.processorSeconds / $once.Seconds; Limit = 10
            Detail = '{0:n2} s of processors ({1:n2} s by the clock) / {2:n2} s; {3} of which {4:n0} are cut (METIS {5:n0})' -f $placed.processorSeconds, $placed.seconds, $once.Seconds, $what, $placed.cut, $once.Cut
        }
    }
    [pscustomobject]@{ Figure = 'peak memory of placing, in GiB'; Ratio = $peak; Limit = 2; Detail = $what }
}
finally { Remove-Item $Folder -Recurse -Force -ErrorAction Ignore }
