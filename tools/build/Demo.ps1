# The whole path on two fictional tenants: from two exports to a checked plan, with what was planted against what was found.
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Build-Coexist $Context
$shell = (Get-Process -Id $PID).Path
& $shell -NoProfile -NonInteractive -File (Join-Path $PSScriptRoot 'Show-Demo.ps1') -Manifest $Context.Manifest -Path (Join-Path $Context.Out 'demo')
if ($LASTEXITCODE -ne 0) { throw 'The demo did not end as it should; see above.' }
