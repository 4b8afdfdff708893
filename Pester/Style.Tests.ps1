BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe 'PSScriptAnalyzer' {
    It 'finds nothing under the settings of the repository' {
        if (-not $env:COEXIST_TEST_ANALYZER) {
            if ($env:CI -eq 'true') { throw 'PSScriptAnalyzer is not here.' }
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer is not here'
            return
        }
        # A process of its own: it loads assemblies that tests of this one must not meet.
        $said = Invoke-Fresh @'
Import-Module $analyzer
# Not Pester: the analyzer does not know how its blocks share variables.
$paths = @((Get-ChildItem $root -File -Filter *.ps1).FullName) + (Join-Path $root module) + (Join-Path $root tools)
foreach ($path in $paths) {
    Invoke-ScriptAnalyzer -Path $path -Recurse -Settings (Join-Path $root PSScriptAnalyzerSettings.psd1) | ForEach-Object { "$($_.ScriptName):$($_.Line): $($_.RuleName): $($_.Message)" }
}
'done'
'@ @{ analyzer = $env:COEXIST_TEST_ANALYZER; root = (Resolve-Path (Join-Path $PSScriptRoot '..')).Path }
        $said | Should -Be 'done'
    }
}

Describe 'The module' {
    It 'never calls a Get-EXO command: with several connections it would go to the last one' {
        $called = foreach ($file in Get-ChildItem (Join-Path $PSScriptRoot '../module') -Recurse -Filter *.ps1) {
            $tree = [Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$null)
            foreach ($command in $tree.FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] -or $args[0] -is [Management.Automation.Language.StringConstantExpressionAst] }, $true)) {
                if ($command.Extent.Text -match '^[''"]?Get-EXO') { "$($file.Name): $($command.Extent.Text)" }
            }
        }
        $called | Should -BeNullOrEmpty
        # Nor does a plan.
        [IO.File]::ReadAllText((Join-Path $PSScriptRoot '../data/cmdlets.json')) | Should -Not -Match 'Get-EXO'
    }
}
