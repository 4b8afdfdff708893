# Every suite runs, also after one has failed; each ends with its line, and all of them are said once more at the end.
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Build-Coexist $Context
$suites = [ordered]@{}

Write-Host "`n== rust"
Push-Location $Context.Root
try {
    $suites.rust = Invoke-Suite cargo @('test', '--workspace', '--no-fail-fast') '^test result: \w+\. (\d+) passed; (\d+) failed'

    Write-Host "`n== c"
    if ($Context.Rid -like 'win-*') {
        Write-Host 'tests/c needs a Unix C compiler: not run on Windows.'
    }
    else {
        & cargo build -p coexist-ffi --features test-abi
        $suites.c = if ($LASTEXITCODE -eq 0) { Invoke-Suite sh @('tests/c/run.sh', 'target/debug') '^(\d+) passed, (\d+) failed$' } else { 0, 1 }
    }
}
finally { Pop-Location }

Write-Host "`n== pester"
$pester = Get-BuildModule $Context Pester 5.7.0
if (-not $pester) { throw 'Pester 5.7 is neither on this machine nor to be had from the PowerShell Gallery: the module was not tested. Install-PSResource Pester, and start again.' }
$analyzer = Get-BuildModule $Context PSScriptAnalyzer 1.22.0
$answer = Join-Path $Context.Out 'pester.json'
Remove-Item $answer -ErrorAction Ignore
# A process of its own: a loaded library cannot be replaced, and nothing of this session may help the module.
$shell = (Get-Process -Id $PID).Path
& $shell -NoProfile -NonInteractive -File (Join-Path $PSScriptRoot 'Invoke-Pester.ps1') -Root $Context.Root -Manifest $Context.Manifest -Pester $pester -Analyzer $analyzer -Answer $answer
if (Test-Path $answer) {
    $counts = Get-Content $answer -Raw | ConvertFrom-Json
    $suites.pester = $counts.passed, $counts.failed
}
else { $suites.pester = 0, 1 }

Write-Host ''
foreach ($name in $suites.Keys) { Write-Suite $name $suites[$name][0] $suites[$name][1] }
if ($suites.Values | Where-Object { $_[1] -gt 0 -or $_[0] -eq 0 }) { throw 'Tests failed.' }
