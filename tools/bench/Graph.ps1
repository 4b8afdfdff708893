<#
.SYNOPSIS
What the Graph engine costs beside what Graph itself imposes: its quota, its latency; and in how much memory it reads a large tenant.
.DESCRIPTION
Against a Graph on this machine, in a process of its own. The quota is that of a large tenant, 8,000 resource units in 10 seconds, with seconds that
pass twelve times as fast on both sides.
#>
[CmdletBinding()]
param(
    # The program of `cargo build --release -p coexist-graph --example graph_bench`.
    [Parameter(Mandatory)] [string] $Program,

    # The built manifest.
    [Parameter(Mandatory)] [string] $Manifest,

    # Where snapshots are written.
    [Parameter(Mandatory)] [string] $Folder,

    [int] $Users = 500000,

    [int] $Speed = 12
)

$ErrorActionPreference = 'Stop'

function Invoke-Measurement([string] $Command, [string[]] $ArgumentList) {
    $line = & $Command @ArgumentList | Select-Object -Last 1
    if ($LASTEXITCODE -ne 0) { throw "'$Command $($ArgumentList -join ' ')' failed; run it by itself to see why." }
    $line | ConvertFrom-Json
}

function Use-Graph([string] $Command, [string[]] $ArgumentList, [scriptblock] $Measure) {
    # Serves while it measures; gives what was measured.
    $start = [Diagnostics.ProcessStartInfo]::new($Command, "serve $($ArgumentList -join ' ')")
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
    $start.UseShellExecute = $false
    $server = [Diagnostics.Process]::Start($start)
    try {
        $root = $server.StandardOutput.ReadLine()
        & $Measure $root
    }
    finally {
        $server.StandardInput.Close()
        if (-not $server.WaitForExit(10000)) { $server.Kill() }
        $server.Dispose()
    }
}

Remove-Item $Folder -Recurse -Force -ErrorAction Ignore
$null = New-Item $Folder -ItemType Directory
try {
    $measured = Use-Graph $Program $Users, 0, 8000, $Speed { param($root) Invoke-Measurement $Program each, $root, $Users, $Speed }
    # The first window is open at once; each further one after the whole of the one before.
    $alone = ([Math]::Ceiling($Users / 8000) - 1) * 10 / $Speed
    [pscustomobject]@{
        Figure = 'read {0:n0} users by quota / what the quota alone takes' -f $Users; Ratio = $measured.seconds / $alone; Limit = 1.15
        Detail = '{0:n1} s / {1:n1} s, seconds {2} times as fast; {3:n0} requests in batches, {4:n0} refused' -f $measured.seconds, $alone, $Speed, $measured.requests, $measured.throttled
    }

    $one, $ours = Use-Graph $Program 200000, 50, 0, 1 { param($root) Invoke-Measurement $Program one-by-one, $root, 100; Invoke-Measurement $Program each, $root, 200000, 1, noquota }
    $sequential, $rate = (100 / $one.seconds), (200000 / $ours.seconds)
    [pscustomobject]@{
        Figure = '8 times one request after another at 50 ms / ours'; Ratio = 8 * $sequential / $rate; Limit = 1
        Detail = '{0:n0} users a second one after another, {1:n0} by the engine: {2:n0} times' -f $sequential, $rate, ($rate / $sequential)
    }

    $snapshot = Use-Graph $Program $Users, 0, 0, 1 { param($root) Invoke-Measurement $Program snapshot, $root, (Join-Path $Folder 'native') }
    [pscustomobject]@{
        Figure = 'peak memory of that snapshot / 300 MiB'; Ratio = $snapshot.peakKiB / 1024 / 300; Limit = 1
        Detail = '{0:n0} MiB; {1:n0} users by pages of 999 in {2:n1} s, {3:n1} s with sorting and writing {4:n0} MB' -f ($snapshot.peakKiB / 1024), $Users, $snapshot.readSeconds, $snapshot.seconds, ($snapshot.bytes / 1e6)
    }

    $shell = (Get-Process -Id $PID).Path
    & $shell -NoProfile -NonInteractive -Command "& '$PSScriptRoot/Session.ps1' -Manifest '$Manifest' -Folder '$(Join-Path $Folder 'session')' | ConvertTo-Json -Compress" | ConvertFrom-Json
}
finally { Remove-Item $Folder -Recurse -Force -ErrorAction Ignore }
