<#
.SYNOPSIS
Runs Pester/ against the built module, in this process, which should be a fresh one.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Root,

    # The built manifest.
    [Parameter(Mandatory)] [string] $Manifest,

    # The manifests of Pester and, where it is to be had, PSScriptAnalyzer.
    [Parameter(Mandatory)] [string] $Pester,
    [string] $Analyzer,

    # Gets the counts as JSON.
    [string] $Answer,

    # Only test files whose name matches.
    [string] $Filter = '*'
)

$ErrorActionPreference = 'Stop'
Import-Module $Pester
$env:COEXIST_TEST_MANIFEST = $Manifest
$env:COEXIST_TEST_ANALYZER = $Analyzer

$configuration = New-PesterConfiguration
$configuration.Run.Path = @(Get-ChildItem (Join-Path $Root 'Pester') -Filter "$Filter.Tests.ps1" | ForEach-Object FullName)
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.RenderMode = 'Plaintext'
$result = Invoke-Pester -Configuration $configuration

foreach ($test in $result.Skipped) { Write-Host "SKIPPED: $($test.ExpandedPath)" }
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
if ($Answer) { @{ passed = $result.PassedCount; failed = $failed; skipped = $result.SkippedCount } | ConvertTo-Json | Set-Content $Answer }
Write-Host "pester: $($result.PassedCount) passed, $failed failed"
exit [int]($failed -gt 0)
