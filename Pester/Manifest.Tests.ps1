BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $manifest = Get-BuiltManifest
    $data = Import-PowerShellDataFile $manifest
    $module = Get-Module Coexist
    $public = (Get-ChildItem (Join-Path $PSScriptRoot '../module/Public') -Filter *.ps1).BaseName | Sort-Object
}

Describe 'The manifest' {
    It 'is one that PowerShell accepts' {
        (Test-ModuleManifest $manifest -ErrorAction Stop).Name | Should -Be 'Coexist'
    }

    It 'exports what has a file in Public, and nothing else' {
        $data.FunctionsToExport | Sort-Object | Should -Be $public
        $module.ExportedFunctions.Keys | Sort-Object | Should -Be $public
    }

    It 'has a function of the same name in each file' {
        foreach ($folder in 'Public', 'Private') {
            foreach ($file in Get-ChildItem (Join-Path $PSScriptRoot "../module/$folder") -Filter *.ps1) {
                $tree = [Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$null)
                $functions = @($tree.EndBlock.Statements | Where-Object { $_ -is [Management.Automation.Language.FunctionDefinitionAst] })
                $functions.Name | Should -Be $file.BaseName -Because $file.Name
            }
        }
    }

    It 'exports no cmdlets, variables and aliases, without wildcards' {
        foreach ($key in 'CmdletsToExport', 'VariablesToExport', 'AliasesToExport') { $data[$key].Count | Should -Be 0 -Because $key }
        $data.FunctionsToExport -match '\*' | Should -BeNullOrEmpty
    }

    It 'requires no other module, so that it is never a third party to their conflicts' {
        $data.RequiredModules.Count | Should -Be 0
        $data.ContainsKey('RequiredAssemblies') | Should -BeFalse
        Get-ChildItem (Split-Path $manifest) -Recurse -Filter *.dll | Where-Object FullName -NotMatch '[\\/]bin[\\/]' | Should -BeNullOrEmpty
    }

    It 'is for Windows PowerShell 5.1 and PowerShell 7' {
        $data.PowerShellVersion | Should -Be '5.1'
        $data.CompatiblePSEditions | Should -Be 'Desktop', 'Core'
        $data.DotNetFrameworkVersion | Should -Be '4.7.2'
    }

    It 'names files that are there' {
        foreach ($file in @($data.RootModule) + $data.FormatsToProcess) { Join-Path (Split-Path $manifest) $file | Should -Exist }
    }

    It 'has the version of the engine' {
        $toml = [IO.File]::ReadAllText((Join-Path $PSScriptRoot '../Cargo.toml'))
        $data.ModuleVersion | Should -Be ([regex]::Match($toml, '(?m)^version = "(.+)"').Groups[1].Value)
    }
}

Describe 'Names' {
    It 'of commands are approved verbs and the prefix' {
        $verbs = (Get-Verb).Verb
        foreach ($name in $public) {
            ($name -split '-')[0] | Should -BeIn $verbs
            ($name -split '-')[1] | Should -MatchExactly '^Coexist[A-Z]'
        }
    }
}

Describe 'The bindings' {
    BeforeAll {
        $native = Import-PowerShellDataFile (Join-Path $PSScriptRoot '../module/native.psd1')
        $header = [IO.File]::ReadAllText((Join-Path $PSScriptRoot '../cbindings/coexist.h'))
        # Name, result and parameters of each declaration.
        $code = $header -replace '(?m)//.*$' -replace '(?s)/\*.*?\*/'
        $declared = @{}
        foreach ($match in [regex]::Matches($code, '(?m)^((?:const )?\w+ \*?)(coexist_\w+)\(([^;]*)\);')) {
            $parameters = @($match.Groups[3].Value -split ',' | ForEach-Object { ($_ -replace '\s+', ' ').Trim() } | Where-Object { $_ -and $_ -ne 'void' })
            $declared[$match.Groups[2].Value] = @{ Returns = $match.Groups[1].Value.Trim(); Parameters = $parameters }
        }

        function ConvertTo-ClrName([string] $Parameter) {
            switch -regex ($Parameter) {
                '^const uint8_t \*' { 'Byte[]'; break }
                '^uint8_t \*\*|^coexist_\w+ \*\*' { 'IntPtr&'; break }
                '^size_t \*' { 'UIntPtr&'; break }
                '^uint64_t \*' { 'UInt64&'; break }
                '^uint8_t \*|^coexist_\w+ \*|^const char \*' { 'IntPtr'; break }
                '^size_t' { 'UIntPtr'; break }
                '^uint32_t' { 'UInt32'; break }
                '^int32_t' { 'Int32'; break }
                '^uint64_t' { 'UInt64'; break }
                '^void$' { 'Void'; break }
                default { "unknown: $Parameter" }
            }
        }
    }

    It 'are the header: every export is bound, or said not to be' {
        $declared.Count | Should -BeGreaterThan 10
        @($native.Exports.Name) + @($native.NotBound) | Sort-Object | Should -Be ($declared.Keys | Sort-Object)
    }

    It 'have the results and parameters of the header' {
        foreach ($export in $native.Exports) {
            $export.Returns | Should -Be (ConvertTo-ClrName $declared[$export.Name].Returns) -Because $export.Name
            $types = @(foreach ($parameter in $declared[$export.Name].Parameters) { ConvertTo-ClrName $parameter })
            $export.Parameters -join ', ' | Should -Be ($types -join ', ') -Because $export.Name
        }
    }

    It 'have the version and the statuses of the header' {
        $header | Should -Match "(?m)^#define COEXIST_ABI_VERSION $($native.AbiVersion)$"
        foreach ($name in $native.Status.Keys) { $header | Should -Match "(?m)^#define COEXIST_$($name.ToUpperInvariant()) $($native.Status[$name])$" }
    }

    It 'have the output fields of the header' {
        foreach ($class in $native.Classes) {
            $comment = [regex]::Match($header, "(?s)((?://[^\n]*\n)+)int32_t $($class.Export)\(").Groups[1].Value
            $fields = [regex]::Match($comment, 'Fields out: (.+)\.').Groups[1].Value -split ', '
            @($class.Properties) + 'Notes' | Should -Be $fields -Because $class.Export
            ([regex]::Match($comment, 'Fields in: (.+)\.').Groups[1].Value -split ', ').Count | Should -Be $class.Inputs -Because $class.Export
        }
    }
}
