# What happens when the native library is not as it should be: a copy of the built module is broken, and used in a fresh process.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # Imports a module, tries a command, and returns what came of it.
    $try = @'
$ErrorActionPreference = 'Continue'
Import-Module $manifest
try { $value = '00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId; "value $($value.ImmutableId)" }
catch { "caught $($_.FullyQualifiedErrorId)"; "target $($_.TargetObject)"; "message $($_.Exception.Message)" }
try { $null = '00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId -ErrorAction SilentlyContinue; 'went on' }
catch { 'ended' }
'@
    $cc = Get-Command cc, gcc, clang -CommandType Application -ErrorAction Ignore | Select-Object -First 1

    function New-Library([string] $Path, [string] $Code) {
        $source = Join-Path $TestDrive 'library.c'
        Set-Content $source $Code
        $size = (Get-Item $Path).Length
        & $cc.Source -shared -fPIC -o $Path $source
        $LASTEXITCODE | Should -Be 0
        # As long as the real one, or its length gives it away.
        $stream = [IO.File]::OpenWrite($Path)
        try { $stream.SetLength($size) } finally { $stream.Dispose() }
    }
}

Describe 'The native library' {
    BeforeEach {
        $manifest = Copy-BuiltModule (Join-Path $TestDrive ([guid]::NewGuid()))
        $library = Get-NativeFile $manifest
    }

    It 'is not touched by the import' {
        Remove-Item $library
        Invoke-Fresh 'Import-Module $manifest; (Get-Command -Module Coexist).Count -gt 5' @{ manifest = $manifest } | Should -Be 'True'
    }

    It 'missing, is named with platform and path, and the command ends' {
        Remove-Item $library
        $said = Invoke-Fresh $try @{ manifest = $manifest }
        $said | Should -Contain 'caught NativeLibraryNotFound,ConvertTo-CoexistImmutableId'
        $said | Should -Contain "target $library"
        $rid = Split-Path (Split-Path $library) -Leaf
        $said -join "`n" | Should -Match "message The native library of Coexist for $rid is missing: '$([regex]::Escape($library))'"
    }

    It 'no library at all, is not loadable' {
        [IO.File]::WriteAllBytes($library, [byte[]]::new((Get-Item $library).Length))
        Invoke-Fresh $try @{ manifest = $manifest } | Should -Contain 'caught NativeLibraryNotLoadable,ConvertTo-CoexistImmutableId'
    }

    It 'empty, is not loadable' {
        [IO.File]::WriteAllBytes($library, [byte[]]@())
        Invoke-Fresh $try @{ manifest = $manifest } | Should -Contain 'caught NativeLibraryNotLoadable,ConvertTo-CoexistImmutableId'
    }

    It 'cut short, is not loadable' {
        $whole = (Get-Item -LiteralPath $library).Length
        $file = [IO.File]::Open($library, 'Open')
        $file.SetLength($whole - 1)
        $file.Dispose()
        $said = Invoke-Fresh $try @{ manifest = $manifest }
        $said | Should -Contain 'caught NativeLibraryNotLoadable,ConvertTo-CoexistImmutableId'
        $said -join "`n" | Should -Match "is shorter than the $whole bytes"
    }

    It 'of another program, is not loadable' {
        if (-not $cc) { Set-ItResult -Skipped -Because 'there is no C compiler'; return }
        New-Library $library 'int something_else(void) { return 1; }'
        Invoke-Fresh $try @{ manifest = $manifest } | Should -Contain 'caught NativeLibraryNotLoadable,ConvertTo-CoexistImmutableId'
    }

    It 'of another release, is a mismatch that names both versions' {
        if (-not $cc) { Set-ItResult -Skipped -Because 'there is no C compiler'; return }
        New-Library $library 'unsigned coexist_abi_version(void) { return 999; }'
        $said = Invoke-Fresh $try @{ manifest = $manifest }
        $said | Should -Contain 'caught NativeLibraryVersionMismatch,ConvertTo-CoexistImmutableId'
        $said -join "`n" | Should -Match 'speaks version 999 of the ABI, this module version \d+:'
    }

    It 'missing, ends the command also where errors are silenced' {
        Remove-Item $library
        $said = Invoke-Fresh $try @{ manifest = $manifest }
        $said | Should -Contain 'ended'
        $said | Should -Not -Contain 'went on'
    }

    It 'put right again, works in the same session' {
        $aside = "$library.aside"
        $said = Invoke-Fresh @'
Move-Item $library $aside
Import-Module $manifest
try { $null = 'x' | ConvertTo-CoexistImmutableId } catch { $_.FullyQualifiedErrorId }
Move-Item $aside $library
('00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId).ImmutableId
'@ @{ manifest = $manifest; library = $library; aside = $aside }
        $said | Should -Be 'NativeLibraryNotFound,ConvertTo-CoexistImmutableId', 'MyIRAFVEd2aImaq7zN3u/w=='
    }
}

Describe 'A platform without a library' {
    It 'is named' {
        $manifest = Copy-BuiltModule (Join-Path $TestDrive 'platform')
        $module = Join-Path (Split-Path $manifest) 'Coexist.psm1'
        $rid = Split-Path (Split-Path (Get-NativeFile $manifest)) -Leaf
        $text = [IO.File]::ReadAllText($module)
        [IO.File]::WriteAllText($module, $text.Replace("'$rid' =", "'plan9-x64' ="))
        $said = Invoke-Fresh $try @{ manifest = $manifest }
        $said | Should -Contain 'caught NativePlatformNotSupported,ConvertTo-CoexistImmutableId'
    }
}

Describe 'Constrained Language mode' {
    It 'is said to be the reason' {
        $said = Invoke-Fresh @'
$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
Import-Module $manifest
try { 'x' | ConvertTo-CoexistImmutableId } catch { $_.FullyQualifiedErrorId }
try { New-CoexistLab ./lab } catch { $_.FullyQualifiedErrorId }
try { Test-CoexistReadiness } catch { $_.FullyQualifiedErrorId }
'@ @{ manifest = Get-BuiltManifest }
        $said | Should -Be (@('LanguageModeNotSupported,Assert-LanguageMode') * 3)
    }
}

Describe 'Importing' {
    It 'again and again leaves commands that work' {
        $said = Invoke-Fresh @'
foreach ($round in 1..3) {
    Import-Module $manifest -Force
    ('00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId).Guid
}
Remove-Module Coexist
'gone ' + [bool](Get-Command ConvertTo-CoexistImmutableId -ErrorAction Ignore)
'@ @{ manifest = Get-BuiltManifest }
        $said | Should -Be (@('00112233-4455-6677-8899-aabbccddeeff') * 3 + 'gone False')
    }

    It 'leaves no variable, no error and no other module behind' {
        $said = Invoke-Fresh @'
$before = (Get-Variable -Scope Global).Name
$error.Clear()
Import-Module $manifest
$null = '00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId
"errors $($error.Count)"
"variables $(@((Get-Variable -Scope Global).Name | Where-Object { $_ -notin $before -and $_ -ne 'before' }) -join ',')"
"modules $((Get-Module).Name -notmatch '^(Microsoft\.PowerShell\.|PSReadLine|Coexist)' -join ',')"
'@ @{ manifest = Get-BuiltManifest }
        $said | Should -Be 'errors 0', 'variables ', 'modules '
    }

    It 'works in strict mode' {
        Invoke-Fresh @'
Set-StrictMode -Version Latest
Import-Module $manifest
('00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId).Anchor
try { 'x' | ConvertTo-CoexistImmutableId -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
'@ @{ manifest = Get-BuiltManifest } | Should -Be 'Value', 'GuidNotRecognized,ConvertTo-CoexistImmutableId'
    }
}
