# Writes cbindings/coexist.h anew from rust/coexist-ffi; the tests only compare.
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Initialize-Rust $Context
Push-Location $Context.Root
$env:COEXIST_WRITE_HEADER = '1'
try { Invoke-Native cargo @('test', '-p', 'coexist-ffi', '--test', 'header') }
finally {
    $env:COEXIST_WRITE_HEADER = $null
    Pop-Location
}
