# What the tasks share. Dot-sourced by build.ps1; runs in Windows PowerShell 5.1 too.

function Get-BuildContext {
    # Where everything is, in one place.
    param(
        [Parameter(Mandatory)] [string] $Root,
        [Parameter(Mandatory)] [string] $Configuration
    )

    $system = if ($IsLinux) { 'linux' } elseif ($IsMacOS) { 'osx' } else { 'win' }
    $architecture = [Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture.ToString().ToLowerInvariant()
    $version = (Import-PowerShellDataFile (Join-Path $Root 'module/Coexist.psd1')).ModuleVersion
    [pscustomobject]@{
        Root          = $Root
        Configuration = $Configuration
        Profile       = $Configuration.ToLowerInvariant()
        Rid           = "$system-$architecture"
        LibraryName   = @{ linux = 'libcoexist.so'; osx = 'libcoexist.dylib'; win = 'coexist.dll' }[$system]
        Cache         = Join-Path $Root '.cache'
        Out           = Join-Path $Root 'out'
        Version       = $version
        Manifest      = Join-Path $Root "out/Coexist/$version/Coexist.psd1"
    }
}

function Invoke-Native {
    # Runs a program and fails with it.
    param(
        [Parameter(Mandatory)] [string] $Command,
        [string[]] $ArgumentList = @()
    )

    & $Command @ArgumentList
    if ($LASTEXITCODE -ne 0) { throw "'$Command $($ArgumentList -join ' ')' failed with exit code $LASTEXITCODE." }
}

function Initialize-Rust {
    # Makes sure that cargo is here and gets its crates from somewhere.
    param([Parameter(Mandatory)] [object] $Context)

    $least = [version]([regex]::Match([IO.File]::ReadAllText((Join-Path $Context.Root 'Cargo.toml')), 'rust-version\s*=\s*"([0-9.]+)"').Groups[1].Value)
    $cargo = Get-Command cargo -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    $found = if ($cargo) { [version][regex]::Match((& $cargo.Source --version), '\d+\.\d+\.\d+').Value }
    if (-not $found -or $found -lt $least) {
        $what = if ($found) { "cargo is $found" } else { 'cargo is not installed' }
        throw "$what; Coexist is built with Rust $least or newer. Install it from https://rustup.rs, or with the system's packages (Debian 13: apt install cargo), and start again."
    }

    if ($env:CARGO_HOME -or (Test-CratesIo)) { return }
    if (-not (Get-Command apt-get, dpkg-deb -CommandType Application -ErrorAction Ignore)) {
        Write-Warning 'crates.io cannot be reached, and there is no Debian mirror to take the crates from; going on with what cargo has already.'
        return
    }
    Write-Host 'crates.io cannot be reached; taking the crates from a Debian mirror.'
    $env:CARGO_HOME = & bash (Join-Path $Context.Root 'tools/debian-crates.sh') $Context.Cache
    if ($LASTEXITCODE -ne 0) { throw 'No crates: neither crates.io nor a Debian mirror can be reached. See the message above.' }
}

function Test-CratesIo {
    # Whether cargo would find crates where it looks. A mirror that cargo is configured for counts as reachable.
    $settings = Join-Path $(if ($env:CARGO_HOME) { $env:CARGO_HOME } else { Join-Path $HOME '.cargo' }) 'config.toml'
    if ((Test-Path $settings) -and (Select-String -Path $settings -Pattern 'replace-with' -Quiet)) { return $true }
    try {
        $null = Invoke-WebRequest 'https://index.crates.io/config.json' -UseBasicParsing -TimeoutSec 10
        $true
    }
    catch { $false }
}

function Build-Coexist {
    # The native library and the module, fresh.
    param([Parameter(Mandatory)] [object] $Context)

    Initialize-Rust $Context
    Push-Location $Context.Root
    try {
        $arguments = @('build', '-p', 'coexist-ffi')
        if ($Context.Configuration -eq 'Release') { $arguments += '--release' }
        Invoke-Native cargo $arguments
    }
    finally { Pop-Location }
    $library = Join-Path $Context.Root "target/$($Context.Profile)/$($Context.LibraryName)"
    $null = & (Join-Path $PSScriptRoot 'New-CoexistModule.ps1') -Root $Context.Root -Destination $Context.Out -Library @{ $Context.Rid = $library }
}

function Get-BuildModule {
    # A module that tests need: this machine's, else the PowerShell Gallery's in .cache/modules. Its manifest's path, or nothing.
    param(
        [Parameter(Mandatory)] [object] $Context,
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [version] $Version
    )

    $folder = Join-Path $Context.Cache 'modules'
    $find = {
        Get-Module -ListAvailable $Name, (Join-Path $folder $Name) -ErrorAction Ignore |
            Where-Object { $_.Version -ge $Version -and $_.Version.Major -eq $Version.Major } | Sort-Object Version | Select-Object -Last 1 -ExpandProperty Path
    }
    $path = & $find
    if ($path) { return $path }
    Write-Host "$Name $Version is not here; fetching it from the PowerShell Gallery."
    $null = New-Item $folder -ItemType Directory -Force
    try {
        if (Get-Command Save-PSResource -ErrorAction Ignore) {
            Save-PSResource $Name -Version "[$Version,$($Version.Major + 1).0)" -Path $folder -TrustRepository -ErrorAction Stop
        }
        elseif (Get-Command Save-Module -ErrorAction Ignore) {
            Save-Module $Name -MinimumVersion $Version -Path $folder -Force -ErrorAction Stop
        }
    }
    catch { Write-Warning "$Name cannot be fetched: $($_.Exception.Message)" }
    & $find
}

function Invoke-Suite {
    # Runs a program that tests, shows what it says, and returns how many passed and failed: the sums over the lines that match.
    param(
        [Parameter(Mandatory)] [string] $Command,
        [Parameter(Mandatory)] [string[]] $ArgumentList,
        [Parameter(Mandatory)] [string] $Pattern
    )

    $passed = $failed = 0
    # Windows PowerShell makes an error of what a program writes to stderr.
    $ErrorActionPreference = 'Continue'
    & $Command @ArgumentList 2>&1 | ForEach-Object { [string]$_ } | Tee-Object -Variable said | Out-Host
    foreach ($line in $said) {
        if ($line -match $Pattern) { $passed += [int]$Matches[1]; $failed += [int]$Matches[2] }
    }
    # A suite that does not compile, or dies, has no line.
    if ($LASTEXITCODE -ne 0 -and $failed -eq 0) { $failed = 1 }
    $passed, $failed
}

function Write-Suite {
    # The closing line of a suite, one form for all.
    param(
        [Parameter(Mandatory)] [string] $Name,
        [Parameter(Mandatory)] [int] $Passed,
        [Parameter(Mandatory)] [int] $Failed
    )

    Write-Host "${Name}: $Passed passed, $Failed failed"
}
