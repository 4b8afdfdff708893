# The native library and the module in out/.
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Build-Coexist $Context
Write-Host "Built $($Context.Manifest)"
