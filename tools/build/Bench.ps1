# The figures, as ratios in one run, so that they mean the same on every machine. COEXIST_BENCH_GRAPHS may name further graphs to place (edge lists).
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Build-Coexist $Context
$shell = (Get-Process -Id $PID).Path
$bench = Join-Path $Context.Root 'tools/bench'
Invoke-Native cargo @('build', '--release', '-p', 'coexist-files', '--example', 'bench')
Invoke-Native cargo @('build', '--release', '-p', 'coexist-core', '--example', 'batch_bench')
Invoke-Native cargo @('build', '--release', '-p', 'coexist-graph', '--example', 'graph_bench')
$examples = Join-Path $Context.Root 'target/release/examples'
$program = Join-Path $examples 'bench'
$figures = @(
    & (Join-Path $bench 'Binding.ps1') -Manifest $Context.Manifest -Root $Context.Root
    & $shell -NoProfile -NonInteractive -Command "& '$bench/Derivation.ps1' -Manifest '$($Context.Manifest)' | ConvertTo-Json -Compress" | ConvertFrom-Json
    & $shell -NoProfile -NonInteractive -Command "& '$bench/BatchPipeline.ps1' -Manifest '$($Context.Manifest)' | ConvertTo-Json -Compress" | ConvertFrom-Json
    & (Join-Path $bench 'Plan.ps1') -Program $program -Folder (Join-Path $Context.Out 'bench')
    & (Join-Path $bench 'Batch.ps1') -Program (Join-Path $examples 'batch_bench') -Folder (Join-Path $Context.Out 'batch') -Graph @("$env:COEXIST_BENCH_GRAPHS" -split [IO.Path]::PathSeparator | Where-Object { $_ })
    & (Join-Path $bench 'Graph.ps1') -Program (Join-Path $examples 'graph_bench') -Manifest $Context.Manifest -Folder (Join-Path $Context.Out 'bench-graph')
)
foreach ($figure in $figures) {
    $verdict = if ($figure.Ratio -le $figure.Limit) { 'holds' } else { 'MISSED' }
    Write-Host ('{0,-7} {1,6:n2} (at most {2:n2})  {3}' -f $verdict, $figure.Ratio, $figure.Limit, $figure.Figure)
    Write-Host ('{0,-7} {1}' -f '', $figure.Detail)
}
if ($figures | Where-Object { $_.Ratio -gt $_.Limit }) { throw 'A figure was missed.' }
