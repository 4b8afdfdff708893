BeforeDiscovery {
    $file = [IO.File]::ReadAllText((Join-Path $PSScriptRoot '../tests/fixtures/derivations.json')) | ConvertFrom-Json
    $vectors = $file.vectors | Where-Object { $_.call -in 'x500_to', 'imceaex_to' -and $_.error -notin 'SwitchNotRecognized', 'FieldSeparatorInValue', 'DomainMissing' } | ForEach-Object {
        @{ Call = $_.call; In = @($_.in); Out = $_.out; Notes = $_.notes; Problem = $_.error; Title = ($_.in -join ' | ') }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $dn = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=0b6f_$([char]0x141)ukasz"
}

Describe 'Vector <Call> <Title>' -ForEach $vectors {
    It 'is what the command says' {
        $quiet = @{ ErrorVariable = 'problems'; WarningVariable = 'warnings'; ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
        if ($Call -eq 'x500_to') { $result = ConvertTo-CoexistX500 $In[0] -Lenient:($In[1] -eq '1') @quiet }
        else { $result = ConvertTo-CoexistImceaex $In[0] -Domain $In[1] @quiet }

        if ($Problem) {
            $result | Should -BeNullOrEmpty
            $problems.Count | Should -Be 1
            $problems[0].FullyQualifiedErrorId | Should -Match "^$Problem,"
        }
        else {
            $problems | Should -BeNullOrEmpty
            @($result.PSObject.Properties.Value) | Should -Be $Out
            $warnings.Count | Should -Be @($Notes).Count
        }
    }
}

Describe 'ConvertTo-CoexistX500' {
    It 'reads LegacyExchangeDN of a piped recipient' {
        ([pscustomobject]@{ PrimarySmtpAddress = 'l@contoso.com'; LegacyExchangeDN = $dn } | ConvertTo-CoexistX500).X500 | Should -BeExactly "X500:$dn"
    }

    It 'says of a recipient without it which one it is, and goes on' {
        $recipients = [pscustomobject]@{ PrimarySmtpAddress = 'a@contoso.com' }, [pscustomobject]@{ LegacyExchangeDN = $dn }, [pscustomobject]@{ PrimarySmtpAddress = 'c@contoso.com'; LegacyExchangeDN = '' }
        ($recipients | ConvertTo-CoexistX500 -ErrorVariable problems -ErrorAction SilentlyContinue).LegacyExchangeDN | Should -BeExactly $dn
        $problems.Exception.Message | Should -Match '^[ac]@contoso.com: '
        $problems.TargetObject.PrimarySmtpAddress | Should -Be 'a@contoso.com', 'c@contoso.com'
    }

    It 'reads a pasted NDR only with -Lenient' {
        $pasted = '<mailto:IMCEAEX-_o=a_cn=b%2B20c@contoso.com>'
        $pasted | ConvertTo-CoexistX500 -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        ($pasted | ConvertTo-CoexistX500 -Lenient).X500 | Should -BeExactly 'X500:/o=a/cn=b c'
    }
}

Describe 'ConvertTo-CoexistImceaex' {
    It 'is the way back, by property name too' {
        $there = $dn | ConvertTo-CoexistImceaex -Domain contoso.com
        $back = $there.Imceaex | ConvertTo-CoexistX500
        $back.LegacyExchangeDN | Should -BeExactly $dn
        $back.Domain | Should -Be 'contoso.com'
        ($back | ConvertTo-CoexistImceaex -Domain contoso.com).Imceaex | Should -BeExactly $there.Imceaex
    }
}
