# What every deriving command owes the pipeline.
BeforeDiscovery {
    $dn = '/o=contoso/ou=First/cn=Recipients/cn='
    $commands = @(
        @{ Name = 'ConvertTo-CoexistImmutableId'; Good = '00112233-4455-6677-8899-aabbccddeeff', '30475e40-e7ae-4af3-af75-8b143c81daf5'; With = @{}; Back = 'Guid' }
        @{ Name = 'ConvertFrom-CoexistImmutableId'; Good = 'MyIRAFVEd2aImaq7zN3u/w==', 'QF5HMK7n80qvdYsUPIHa9Q=='; With = @{}; Back = 'ImmutableId' }
        @{ Name = 'ConvertTo-CoexistX500'; Good = "${dn}anna", "${dn}ben"; With = @{}; Back = 'LegacyExchangeDN' }
        @{ Name = 'ConvertTo-CoexistImceaex'; Good = "${dn}anna", "${dn}ben"; With = @{ Domain = 'contoso.com' }; Back = 'LegacyExchangeDN' }
    )
}

BeforeAll { . (Join-Path $PSScriptRoot 'Common.ps1') }

Describe '<Name>' -ForEach $commands {
    It 'puts out one object for each, at once: -PipelineVariable keeps the pairs right' {
        $values = $Good * 3
        $pairs = $values | ForEach-Object { $_ } -PipelineVariable value | & $Name @With | ForEach-Object { [pscustomobject]@{ In = $value; Out = $_.$Back } }
        $pairs.Count | Should -Be 6
        foreach ($pair in $pairs) { $pair.Out | Should -BeExactly $pair.In }
    }

    It 'does not wait for the next object' {
        $order = [Collections.Generic.List[string]]::new()
        $Good | ForEach-Object { $order.Add("in $_"); $_ } | & $Name @With | ForEach-Object { $order.Add("out $($_.$Back)") }
        $order | Should -Be "in $($Good[0])", "out $($Good[0])", "in $($Good[1])", "out $($Good[1])"
    }

    It 'can be its own -PipelineVariable' {
        $names = $Good | & $Name @With -PipelineVariable made | ForEach-Object { $made.$Back }
        $names | Should -Be $Good
    }

    It 'ends early when the next command has enough' {
        $seen = [Collections.Generic.List[string]]::new()
        ($Good * 10 | ForEach-Object { $seen.Add($_); $_ } | & $Name @With | Select-Object -First 1).$Back | Should -BeExactly $Good[0]
        $seen.Count | Should -Be 1
    }

    It 'makes one error of a bad record, with a code and the record, and goes on' {
        $bad = [pscustomobject]@{ Name = 'Anna'; Useless = 1 }
        $out = @($Good[0], $bad, "bad$([char]0x1F)", $Good[1]) | & $Name @With -ErrorVariable problems -ErrorAction SilentlyContinue
        $out.$Back | Should -Be $Good
        $problems.Count | Should -Be 2
        $problems[0].FullyQualifiedErrorId | Should -MatchExactly "^[A-Z][A-Za-z0-9]+,$Name$"
        [object]::ReferenceEquals($problems[0].TargetObject, $bad) | Should -BeTrue
        $problems[0].Exception.Message | Should -Match '^Anna: '
        $problems[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $problems[1].FullyQualifiedErrorId | Should -Match '^FieldSeparatorInValue,'
    }

    It 'ends at a bad record when told so' {
        { 'bad', $Good[0] | & $Name @With -ErrorAction Stop } | Should -Throw -ErrorId "*,$Name"
    }

    It 'follows $ErrorActionPreference of the script that calls it' {
        $script = Join-Path $TestDrive 'caller.ps1'
        Set-Content $script "`$ErrorActionPreference = 'Stop'; 'bad' | $Name $(if ($With.Domain) { '-Domain contoso.com' }); 'not reached'"
        { & $script } | Should -Throw -ErrorId "*,$Name"
    }

    It 'survives what no identifier is' {
        $strange = @('', ' ', $null, 0, 1.5, $true, @(), @{}, [char]0xD800, "a$([char]0xD800)b", "`0", [string]::new('x', 100000), [datetime]::Now, ('a', 'b'), { }, [int], [byte[]]@())
        $nested = [Collections.ArrayList]::new()
        $null = $nested.Add($nested)
        foreach ($value in $strange + , $nested) {
            $out = & $Name $value @With -ErrorVariable problems -ErrorAction SilentlyContinue
            $out | Should -BeNullOrEmpty
            $problems.Count | Should -Be 1
        }
    }

    It 'emits a class with real properties' {
        $made = $Good | & $Name @With
        $made[0].PSObject.TypeNames[0] | Should -BeIn (Get-Command $Name).OutputType.Name
        $names = $made[0].PSObject.Properties.Name
        $made[0].PSObject.Properties.MemberType | Sort-Object -Unique | Should -Be 'Property'
        ($made | ConvertTo-Json | ConvertFrom-Json).$Back | Should -Be $Good
        ($made | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv).$Back | Should -Be $Good
        ($made | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv)[0].PSObject.Properties.Name | Should -Be $names
        ($made | Select-Object $Back).$Back | Should -Be $Good
        ($made | Sort-Object $Back -Descending).Count | Should -Be 2
        ($made | Group-Object $Back).Count | Should -Be 2
    }

    It 'has a table with its first property, and Format-List with all' {
        $made = $Good | & $Name @With
        ($made | Out-String -Width 200) | Should -Match ([regex]::Escape($made[0].($made[0].PSObject.Properties.Name | Select-Object -First 1)))
        $list = $made | Format-List | Out-String -Width 500
        foreach ($property in $made[0].PSObject.Properties.Name) { $list | Should -Match "(?m)^$property\s+:" }
    }
}

Describe 'In parallel' {
    It 'runspaces share the bound library' -Skip:($PSVersionTable.PSVersion.Major -lt 7) {
        $manifest = Get-BuiltManifest
        $answers = 1..20 | ForEach-Object -ThrottleLimit 4 -Parallel {
            Import-Module $using:manifest
            $guid = [guid]::NewGuid()
            ($guid | ConvertTo-CoexistImmutableId).Guid -eq "$guid"
        }
        $answers | Should -Be (@($true) * 20)
    }
}
