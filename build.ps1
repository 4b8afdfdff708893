#!/usr/bin/env pwsh
<#
.SYNOPSIS
The front door: builds, tests, shows, measures and packs Coexist. Where PowerShell is not there yet, ./build.sh takes the same tasks.

.DESCRIPTION
Each task does its own set-up: it finds Rust, takes the crates from crates.io or, where that cannot be reached, from a Debian mirror, and Pester from
this machine or the PowerShell Gallery. What it fetches goes to .cache/, what it makes to target/ and out/.

.EXAMPLE
./build.ps1 Demo

Builds, and plays the whole path on two fictional tenants.

.EXAMPLE
./build.ps1 Test

Builds, and runs every test: Rust, the C consumer, Pester against the built module.
#>
[CmdletBinding()]
param(
    # Build: the native library and the module in out/. Test: all tests. Demo: the story on the lab. Bench: the figures, as ratios.
    # Header: writes cbindings/coexist.h anew. Package: the module as a zip in out/.
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Header', 'Package')]
    [string] $Task = 'Build',

    # How the native library is compiled.
    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'tools/build/Common.ps1')

$context = Get-BuildContext -Root $PSScriptRoot -Configuration $Configuration
# Any case will do, and files have one.
$file = $Task.Substring(0, 1).ToUpperInvariant() + $Task.Substring(1).ToLowerInvariant()
& (Join-Path $PSScriptRoot "tools/build/$file.ps1") -Context $context
