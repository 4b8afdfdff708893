# The built module as a zip in out/, to be unpacked into a folder of $env:PSModulePath.
param([Parameter(Mandatory)] [object] $Context)

. (Join-Path $PSScriptRoot 'Common.ps1')
Build-Coexist $Context
$package = Join-Path $Context.Out "Coexist-$($Context.Version)-$($Context.Rid).zip"
Compress-Archive -Path (Join-Path $Context.Out 'Coexist') -DestinationPath $package -Force
Write-Host "Packed $package"
