BeforeDiscovery {
    $file = [IO.File]::ReadAllText((Join-Path $PSScriptRoot '../tests/fixtures/derivations.json')) | ConvertFrom-Json
    # Two are about a field that the command makes itself.
    $vectors = $file.vectors | Where-Object { $_.call -like 'immutable_id_*' -and $_.error -notin 'SwitchNotRecognized', 'FieldSeparatorInValue' } | ForEach-Object {
        @{ Call = $_.call; In = @($_.in); Out = $_.out; Notes = $_.notes; Problem = $_.error; Title = ($_.in -join ' | ') }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $text = '00112233-4455-6677-8899-aabbccddeeff'
    $guid = [guid]$text
    $other = [guid]'8a2d6f1e-3b4c-4d5e-9f60-718293a4b5c6'
    $id = 'MyIRAFVEd2aImaq7zN3u/w=='

    # What Get-ADUser -Properties mS-DS-ConsistencyGuid emits, as far as it matters.
    function New-AdUser([object] $ObjectGuid, [object] $ConsistencyGuid) {
        [pscustomobject]@{ DistinguishedName = 'CN=Anna,DC=contoso,DC=com'; ObjectGUID = $ObjectGuid; 'mS-DS-ConsistencyGuid' = $ConsistencyGuid }
    }
}

Describe 'Vector <Call> <Title>' -ForEach $vectors {
    It 'is what the command says' {
        # An object carries what the vector knows of it.
        if ($Call -eq 'immutable_id_from') { $result = ConvertFrom-CoexistImmutableId $In[0] -ErrorVariable problems -WarningVariable warnings -ErrorAction SilentlyContinue -WarningAction SilentlyContinue }
        else {
            $bound = @{}
            if ($In.Count -gt 1 -and -not $In[0]) {
                if ($In[3] -eq '1' -or $In[1]) { $bound.ConsistencyGuid = $In[1] }
                $bound.ObjectGuid = $In[2]
            }
            else { $bound.Value = $In[0] }
            $result = ConvertTo-CoexistImmutableId @bound -ErrorVariable problems -WarningVariable warnings -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
        }

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

Describe 'ConvertTo-CoexistImmutableId' {
    It 'takes a GUID as text, as value, as bytes, as a parameter' {
        ($text | ConvertTo-CoexistImmutableId).ImmutableId | Should -BeExactly $id
        ($guid | ConvertTo-CoexistImmutableId).ImmutableId | Should -BeExactly $id
        (, $guid.ToByteArray() | ConvertTo-CoexistImmutableId).ImmutableId | Should -BeExactly $id
        (ConvertTo-CoexistImmutableId $text).ImmutableId | Should -BeExactly $id
        (ConvertTo-CoexistImmutableId -Value $guid.ToByteArray()).ImmutableId | Should -BeExactly $id
    }

    It 'takes objectGUID of an AD user and says so' {
        $result = New-AdUser $guid $null | ConvertTo-CoexistImmutableId -WarningVariable warnings
        $result.ImmutableId | Should -BeExactly $id
        $result.Anchor | Should -BeExactly 'objectGUID'
        $result.AnchorsDiffer | Should -Be 'False'
        $warnings | Should -BeNullOrEmpty
    }

    It 'takes mS-DS-ConsistencyGuid first, as <As>' -ForEach @(
        @{ As = 'bytes'; Make = { param($guid) , $guid.ToByteArray() } }
        @{ As = 'a GUID'; Make = { param($guid) $guid } }
        @{ As = 'text'; Make = { param($guid) [string]$guid } }
        @{ As = 'a collection of one'; Make = { param($guid) , [Collections.ArrayList]@(, $guid.ToByteArray()) } }
        @{ As = 'a wrapped value in a collection'; Make = { param($guid) , [Collections.ArrayList]@(, [psobject]::AsPSObject($guid.ToByteArray())) } }
    ) {
        $result = New-AdUser $other (& $Make $guid) | ConvertTo-CoexistImmutableId -WarningVariable warnings -WarningAction SilentlyContinue
        $result.ImmutableId | Should -BeExactly $id
        $result.Anchor | Should -BeExactly 'mS-DS-ConsistencyGuid'
        $result.AnchorsDiffer | Should -Be 'True'
        $warnings.Count | Should -Be 1
        $warnings[0].Message | Should -Match '^CN=Anna,DC=contoso,DC=com: '
    }

    It 'tells empty from absent' {
        $empty = New-AdUser $guid @() | ConvertTo-CoexistImmutableId -WarningVariable warnings
        $empty.AnchorsDiffer | Should -Be 'False'
        $warnings | Should -BeNullOrEmpty
        $absent = [pscustomobject]@{ Name = 'Anna'; ObjectGUID = $guid } | ConvertTo-CoexistImmutableId -WarningVariable warnings -WarningAction SilentlyContinue
        $absent.AnchorsDiffer | Should -Be 'Unknown'
        $warnings.Count | Should -Be 1
        $warnings[0].Message | Should -Match 'Get-ADUser -Properties mS-DS-ConsistencyGuid'
    }

    It 'does not carry a value from one object to the next' {
        $results = @(
            New-AdUser $other $guid.ToByteArray()
            [pscustomobject]@{ Name = 'B'; ObjectGUID = $other }
            New-AdUser $other $null
        ) | ConvertTo-CoexistImmutableId -WarningAction SilentlyContinue
        $results.Anchor | Should -Be 'mS-DS-ConsistencyGuid', 'objectGUID', 'objectGUID'
        $results.AnchorsDiffer | Should -Be 'True', 'Unknown', 'False'
    }

    It 'never reads <_>' -ForEach 'Guid', 'ExchangeGuid', 'ImmutableId' {
        [pscustomobject]@{ PrimarySmtpAddress = 'anna@contoso.com'; $_ = $guid } | ConvertTo-CoexistImmutableId -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -Be 'AnchorMissing,ConvertTo-CoexistImmutableId'
        $problems[0].Exception.Message | Should -Match '^anna@contoso.com: '
    }
}

Describe 'ConvertFrom-CoexistImmutableId' {
    It 'reads OnPremisesImmutableId of a Graph user' {
        ([pscustomobject]@{ Id = 'x'; OnPremisesImmutableId = $id } | ConvertFrom-CoexistImmutableId).Guid | Should -Be $text
    }

    It 'says of a user without one that there is none, and goes on' {
        $users = [pscustomobject]@{ UserPrincipalName = 'a@contoso.com'; OnPremisesImmutableId = $null }, [pscustomobject]@{ OnPremisesImmutableId = $id }
        ($users | ConvertFrom-CoexistImmutableId -ErrorVariable problems -ErrorAction SilentlyContinue).Guid | Should -Be $text
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Match '^AnchorMissing,'
        $problems[0].TargetObject.UserPrincipalName | Should -Be 'a@contoso.com'
    }

    It 'never reads ImmutableId, Guid or ExchangeGuid' {
        foreach ($name in 'ImmutableId', 'Guid', 'ExchangeGuid') {
            [pscustomobject]@{ $name = $id } | ConvertFrom-CoexistImmutableId -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $problems[0].FullyQualifiedErrorId | Should -Match '^AnchorMissing,' -Because $name
        }
    }

    It 'is the way back of ConvertTo-CoexistImmutableId, in every form that this puts out' {
        foreach ($round in 1..50) {
            $guid = [guid]::NewGuid()
            $made = $guid | ConvertTo-CoexistImmutableId
            foreach ($form in 'ImmutableId', 'Guid', 'LdapFilter', 'ConnectorDn') { ($made.$form | ConvertFrom-CoexistImmutableId).Guid | Should -Be "$guid" -Because $form }
            $made.ImmutableId | Should -BeExactly ([Convert]::ToBase64String($guid.ToByteArray()))
        }
    }

    It 'says once for a pipeline that mS-DS-ConsistencyGuid was not asked for, and on every object by AnchorsDiffer' {
        $users = 1..5 | ForEach-Object { [pscustomobject]@{ SamAccountName = "user$_"; ObjectGUID = [guid]::NewGuid() } }
        $anchors = $users | ConvertTo-CoexistImmutableId -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings.Count | Should -Be 1
        $anchors.AnchorsDiffer | Should -Be (@('Unknown') * 5)
    }
}
