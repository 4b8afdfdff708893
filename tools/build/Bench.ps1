# The figures, as ratios in one run, so that they mean the same on every machine.
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Build-Coexist $Context
$shell = (Get-Process -Id $PID).Path
$bench = Join-Path $Context.Root 'tools/bench'
Invoke-Native cargo @('build', '--release', '-p', 'coexist-files', '--example', 'bench')
$program = Join-Path $Context.Root 'target/release/examples/bench'
Invoke-Native cargo @('build', '--release', '-p', 'coexist-graph', '--example', 'graph_bench')
$graph = Join-Path $Context.Root 'target/release/examples/graph_bench'
$figures = @(
    & (Join-Path $bench 'Binding.ps1') -Manifest $Context.Manifest -Root $Context.Root
    & $shell -NoProfile -NonInteractive -Command "& '$bench/Derivation.ps1' -Manifest '$($Context.Manifest)' | ConvertTo-Json -Compress" | ConvertFrom-Json
    & (Join-Path $bench 'Plan.ps1') -Program $program -Folder (Join-Path $Context.Out 'bench')
    & (Join-Path $bench 'Graph.ps1') -Program $graph -Manifest $Context.Manifest -Folder (Join-Path $Context.Out 'bench-graph')
)
foreach ($figure in $figures) {
    $verdict = if ($figure.Ratio -le $figure.Limit) { 'holds' } else { 'MISSED' }
    Write-Host ('{0,-7} {1,6:n2} (at most {2:n2})  {3}' -f $verdict, $figure.Ratio, $figure.Limit, $figure.Figure)
    Write-Host ('{0,-7} {1}' -f '', $figure.Detail)
}
if ($figures | Where-Object { $_.Ratio -gt $_.Limit }) { throw 'A figure was missed.' }
