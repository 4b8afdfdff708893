# Every script file is one that Windows PowerShell 5.1 takes: no newer syntax, and each type and static member that it names is in .NET Framework 4.7.2
# or in Windows PowerShell itself. The reference assemblies come from NuGet into .cache/; where they cannot be had this is skipped, in CI it fails.
BeforeDiscovery {
    $root = (Resolve-Path (Join-Path $PSScriptRoot '..')).Path
    $files = @(
        Get-ChildItem $root -File | Where-Object Extension -In '.ps1', '.psd1'
        Get-ChildItem (Join-Path $root 'module'), (Join-Path $root 'tools'), (Join-Path $root 'Pester') -Recurse -File | Where-Object Extension -In '.ps1', '.psm1', '.psd1'
    )
    $cases = $files | ForEach-Object { @{ Path = $_.FullName; Name = $_.FullName.Substring($root.Length + 1) } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $framework = @{ Types = $null; Reason = 'reading the reference assemblies takes PowerShell 7' }
    if ($PSVersionTable.PSVersion.Major -ge 7) {
        . (Join-Path $PSScriptRoot 'Framework.ps1')
        $framework = Get-Framework (Join-Path $PSScriptRoot '../.cache')
    }
    if (-not $framework.Types -and $env:CI -eq 'true') { throw "The reference assemblies cannot be had: $($framework.Reason)" }
}

Describe '<Name>' -ForEach $cases {
    BeforeAll {
        $tokens = $errors = $null
        $tree = [Management.Automation.Language.Parser]::ParseFile($Path, [ref]$tokens, [ref]$errors)
        $nodes = $tree.FindAll({ $true }, $true)
    }

    It 'parses' {
        $errors | Should -BeNullOrEmpty
    }

    It 'has no syntax that is newer than 5.1' {
        $newer = @(
            foreach ($node in $nodes) {
                $kind = $node.GetType().Name
                if ($kind -in 'TernaryExpressionAst', 'PipelineChainAst') { $node }
                elseif ($kind -in 'MemberExpressionAst', 'InvokeMemberExpressionAst', 'IndexExpressionAst' -and $node.NullConditional) { $node }
                elseif ($kind -eq 'PipelineAst' -and $node.Background) { $node }
                elseif ($kind -eq 'ScriptBlockAst' -and $node.CleanBlock) { $node }
                elseif ($kind -eq 'InvokeMemberExpressionAst' -and $node.GenericTypeArguments) { $node }
                elseif ($kind -eq 'ConstantExpressionAst' -and $node.Extent.Text -match '^0b|\d(u|y|uy|s|us|ul|n)$') { $node }
            }
        )
        $newer += @($tokens | Where-Object { $_.Kind -in 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'AndAnd', 'OrOr' })
        # Escapes that 5.1 reads as the bare letter.
        $newer += @($tokens | Where-Object { $_.Kind -in 'StringExpandable', 'HereStringExpandable' -and $_.Text -match '(?<!`)(``)*`(u\{|e)' })
        $newer.Extent.Text | Should -BeNullOrEmpty
    }

    It 'has a byte order mark where it is not ASCII, or Windows PowerShell reads another encoding' {
        $bytes = [IO.File]::ReadAllBytes($Path)
        if ($bytes | Where-Object { $_ -gt 127 } | Select-Object -First 1) { $bytes[0..2] | Should -Be 0xEF, 0xBB, 0xBF }
    }

    It 'names only types and static members that Windows PowerShell has' {
        if ($tree.ScriptRequirements.RequiredPSVersion -ge '7.0') { return }
        if (-not $framework.Types) { Set-ItResult -Skipped -Because $framework.Reason; return }
        $unknown = foreach ($node in $nodes) {
            $kind = $node.GetType().Name
            if ($kind -in 'TypeExpressionAst', 'TypeConstraintAst', 'ConvertExpressionAst') {
                $name = if ($kind -eq 'ConvertExpressionAst') { $node.Type.TypeName } else { $node.TypeName }
                foreach ($missing in Find-MissingType $framework $name) { "[$missing]" }
            }
            elseif ($kind -in 'MemberExpressionAst', 'InvokeMemberExpressionAst' -and $node.Static -and $node.Expression -is [Management.Automation.Language.TypeExpressionAst]) {
                if ($node.Member -is [Management.Automation.Language.StringConstantExpressionAst]) {
                    $type = Resolve-FrameworkType $framework $node.Expression.TypeName.FullName
                    if ($type -and -not (Test-FrameworkMember $framework $type $node.Member.Value)) { "[$type]::$($node.Member.Value)" }
                }
            }
        }
        $unknown | Sort-Object -Unique | Should -BeNullOrEmpty
    }
}

Describe 'What module/Private calls by name' {
    It 'is in .NET Framework' {
        if (-not $framework.Types) { Set-ItResult -Skipped -Because $framework.Reason; return }
        $checked = 0
        $unknown = foreach ($file in Get-ChildItem (Join-Path $PSScriptRoot '../module/Private') -Filter *.ps1) {
            $tree = [Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$null)
            # $Call.Invoke([type], ('Member', ...)) and the rows ('alias', [type], 'Member', ...).
            foreach ($array in $tree.FindAll({ $args[0] -is [Management.Automation.Language.ArrayLiteralAst] }, $true)) {
                $type = $member = $null
                $parent = $array.Parent
                while ($parent -and $parent -isnot [Management.Automation.Language.InvokeMemberExpressionAst] -and $parent -isnot [Management.Automation.Language.StatementBlockAst]) { $parent = $parent.Parent }
                if ($array.Elements[0] -is [Management.Automation.Language.StringConstantExpressionAst] -and $array.Elements[1].Extent.Text -eq '$How' -and $parent.Arguments) {
                    $type, $member = $parent.Arguments[0], $array.Elements[0].Value
                }
                elseif ($array.Elements.Count -eq 4 -and $array.Elements[1] -is [Management.Automation.Language.TypeExpressionAst] -and $array.Elements[2] -is [Management.Automation.Language.StringConstantExpressionAst]) {
                    $type, $member = $array.Elements[1], $array.Elements[2].Value
                }
                # Exports of our own library are in rows too.
                if ($type -is [Management.Automation.Language.TypeExpressionAst] -and $type.TypeName.FullName -ne 'Type' -and $member -and $member -notlike 'coexist_*') {
                    $checked++
                    $owner = Resolve-FrameworkType $framework $type.TypeName.FullName
                    if (-not $owner -or -not (Test-FrameworkMember $framework $owner $member)) { "[$($type.TypeName.FullName)] $member" }
                }
            }
        }
        $unknown = @($unknown) + @(foreach ($method in (Import-PowerShellDataFile (Join-Path $PSScriptRoot '../module/native.psd1')).Methods) {
                foreach ($line in $method.Body.Trim() -split '\s*\n\s*' -notmatch ':$|^\{') {
                    # What the build makes of a local's name, or of a property's index.
                    $code = ($line -split ' ')[0] -replace '\{0\}', '0' -replace '^(Ldloc|Stloc)$', '$1_0'
                    $checked++
                    if (-not (Test-FrameworkMember $framework 'System.Reflection.Emit.OpCodes' $code)) { "OpCodes.$code" }
                }
            })
        $unknown | Sort-Object -Unique | Should -BeNullOrEmpty
        $checked | Should -BeGreaterThan 100
    }
}

Describe 'The checks themselves' {
    It 'find what is newer' {
        if (-not $framework.Types) { Set-ItResult -Skipped -Because $framework.Reason; return }
        Resolve-FrameworkType $framework 'System.Text.Json.JsonDocument' | Should -BeNullOrEmpty
        Resolve-FrameworkType $framework 'Runtime.InteropServices.NativeLibrary' | Should -BeNullOrEmpty
        Test-FrameworkMember $framework (Resolve-FrameworkType $framework 'Runtime.InteropServices.Marshal') 'PtrToStringUTF8' | Should -BeFalse
        Test-FrameworkMember $framework (Resolve-FrameworkType $framework 'Runtime.InteropServices.Marshal') 'PtrToStringUni' | Should -BeTrue
        Test-FrameworkMember $framework (Resolve-FrameworkType $framework 'IO.Path') 'GetRelativePath' | Should -BeFalse
        Test-FrameworkMember $framework (Resolve-FrameworkType $framework 'guid') 'NewGuid' | Should -BeTrue
        Resolve-FrameworkType $framework 'pscustomobject' | Should -Not -BeNullOrEmpty
    }
}
