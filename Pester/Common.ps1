# What the test files share; dot-sourced in BeforeAll. Tests know the built module only.

function Get-BuiltManifest {
    if ($env:COEXIST_TEST_MANIFEST) { return $env:COEXIST_TEST_MANIFEST }
    $built = Get-ChildItem (Join-Path $PSScriptRoot '../out/Coexist/*/Coexist.psd1') -ErrorAction Ignore | Sort-Object LastWriteTime | Select-Object -Last 1
    if (-not $built) { throw 'There is no built module in out/. Run ./build.ps1 Test, or ./build.ps1 Build before Invoke-Pester.' }
    $built.FullName
}

# A copy of the built module that a test may break.
function Copy-BuiltModule {
    param([Parameter(Mandatory)] [string] $Destination)

    $source = Split-Path (Get-BuiltManifest)
    $null = New-Item $Destination -ItemType Directory -Force
    Copy-Item (Join-Path $source '*') $Destination -Recurse -Force
    Join-Path $Destination 'Coexist.psd1'
}

function Get-NativeFile {
    param([Parameter(Mandatory)] [string] $Manifest)

    (Get-ChildItem (Join-Path (Split-Path $Manifest) 'bin') -Recurse -File | Select-Object -First 1).FullName
}

# Runs a script in a fresh process of this PowerShell and returns what it wrote, line by line.
function Invoke-Fresh {
    param(
        [Parameter(Mandatory)] [string] $Script,
        [hashtable] $Variable = @{}
    )

    $prelude = foreach ($name in $Variable.Keys) { "`$$name = '$($Variable[$name].ToString().Replace("'", "''"))'" }
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes((@($prelude) + $Script) -join "`n"))
    & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand $encoded 2>&1 | ForEach-Object { [string]$_ }
}

Import-Module (Get-BuiltManifest)
