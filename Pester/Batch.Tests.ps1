# Batches through the cmdlet: from pipeline, files and snapshots; refused, explained, planned again, written.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    function Get-Person([int] $Count) { 1..$Count | ForEach-Object { [pscustomobject]@{ Identity = "person$_@contoso.com" } } }
    function Set-Csv([string] $Name, [string[]] $Line) {
        $path = Join-Path $TestDrive $Name
        [IO.File]::WriteAllLines($path, $Line)
        $path
    }
    $nights = [datetime[]]('2027-01-11', '2027-01-12', '2027-01-13')
}

Describe 'New-CoexistBatchPlan' {
    Context 'from the pipeline' {
        It 'puts out one object for each person, with Identity, Batch and Night' {
            $plan = @(Get-Person 50 | New-CoexistBatchPlan -BatchSize 20)
            $plan.Count | Should -Be 50
            $plan.Identity | Should -Be (Get-Person 50).Identity
            ($plan | Group-Object Batch).Count | Should -Be 3
            ($plan | Group-Object Batch | Where-Object Count -GT 20) | Should -BeNullOrEmpty
            $plan[0].PSObject.TypeNames[0] | Should -Be 'Coexist.BatchPerson'
            ($plan | Where-Object Night) | Should -BeNullOrEmpty
        }

        It 'takes text, mailboxes and rows of Import-Csv alike' {
            $mailbox = [pscustomobject]@{ Identity = 'Ann Smith'; PrimarySmtpAddress = 'ann@contoso.com'; Alias = 'ann' }
            $row = "Identity,TimeZone`nzoë@contoso.com,Tokyo Standard Time" | ConvertFrom-Csv
            $plan = @('bert@contoso.com', $mailbox, $row | New-CoexistBatchPlan -Night $nights[0])
            $plan.Identity | Should -Be 'bert@contoso.com', 'ann@contoso.com', 'zoë@contoso.com'
            $plan[0].CompleteAfter | Should -Be '2027-01-11T22:00:00Z'
            $plan[2].CompleteAfter | Should -Be '2027-01-11T13:00:00Z'
            $plan[2].Batch | Should -Not -Be $plan[0].Batch
        }

        It 'makes one error of a bad row, and goes on' {
            $people = @([pscustomobject]@{ Identity = 'a@contoso.com' }, [pscustomobject]@{ Useless = 1 }, [pscustomobject]@{ Identity = 'b@contoso.com'; NotBefore = 'soon' }, [pscustomobject]@{ Identity = 'A@contoso.com' })
            $plan = @($people | New-CoexistBatchPlan -ErrorVariable problems -ErrorAction SilentlyContinue)
            $plan.Identity | Should -Be 'a@contoso.com'
            $problems.FullyQualifiedErrorId | Should -Be 'PersonRowInvalid,New-CoexistBatchPlan', 'PersonRowInvalid,New-CoexistBatchPlan', 'PersonTwice,New-CoexistBatchPlan'
            "$($problems[1])" | Should -Match "'b@contoso.com' has the NotBefore 'soon'"
        }

        It 'says that nobody was given' {
            { New-CoexistBatchPlan } | Should -Throw -ErrorId 'PeopleMissing,New-CoexistBatchPlan'
        }
    }

    Context 'from files' {
        It 'keeps hard ties together and breaks the lightest of the others' {
            $people = Set-Csv people.csv 'Identity,NotAfter', 'a,', 'b,2027-01-11', 'c,', 'd,2027-01-12', 'e,'
            $ties = Set-Csv ties.csv 'From,To,Weight', 'a,b,hard', 'c,d,5', 'c,a,1', 'e,d,4'
            $plan = New-CoexistBatchPlan -PeoplePath $people -TiesPath $ties -Night $nights -PeoplePerNight 3
            $night = @{}
            $plan | ForEach-Object { $night[$_.Identity] = $_.Night }
            $night.a | Should -Be '2027-01-11'
            $night.b | Should -Be '2027-01-11'
            $night.c | Should -Be $night.d
            $night.e | Should -Be $night.d
            ($plan | Where-Object Identity -EQ 'c').CutWeight | Should -Be 1
        }

        It 'reads the file of Windows PowerShell 5.1 and of Excel' {
            $path = Join-Path $TestDrive 'utf16.csv'
            [IO.File]::WriteAllText($path, "#TYPE Selected`r`nIdentity;Pilot`r`n`"Müller, Zoë`";yes`r`nbert;`r`n", [Text.Encoding]::Unicode)
            $plan = New-CoexistBatchPlan -PeoplePath $path -Night $nights
            $plan.Identity | Should -Be 'Müller, Zoë', 'bert'
            $plan[0].Night | Should -Be '2027-01-11'
            $plan[1].Night | Should -Be '2027-01-12' -Because 'nobody goes with the pilots'
        }

        It 'says which file lacks which column' {
            { New-CoexistBatchPlan -PeoplePath (Set-Csv bad.csv 'Color', 'red') } | Should -Throw -ErrorId 'PeopleFileInvalid,New-CoexistBatchPlan'
            { New-CoexistBatchPlan -PeoplePath (Set-Csv good.csv 'Identity', 'a') -TiesPath (Set-Csv badties.csv 'A,B', '1,2') } | Should -Throw -ErrorId 'TiesFileInvalid,New-CoexistBatchPlan'
            { New-CoexistBatchPlan -PeoplePath (Join-Path $TestDrive 'gone.csv') } | Should -Throw -ErrorId '*,New-CoexistBatchPlan'
        }
    }

    Context 'what cannot be' {
        It 'refuses what does not fit, names what binds and what would help' {
            $problem = $null
            try { Get-Person 50 | New-CoexistBatchPlan -Night $nights -PeoplePerNight 16 } catch { $problem = $_ }
            $problem.FullyQualifiedErrorId | Should -Be 'BatchesInfeasible,New-CoexistBatchPlan'
            "$problem" | Should -Match '50 people'
            "$problem" | Should -Match '48 people \(batches\.peoplePerNight: 16\)'
            "$problem" | Should -Match 'peoplePerNight of 17'
        }

        It 'leaves out whom no night will do for, with the reason, and warns' {
            $people = Get-Person 3
            $people[1] | Add-Member NotBefore '2027-02-01'
            $plan = @($people | New-CoexistBatchPlan -Night $nights -WarningVariable warned -WarningAction SilentlyContinue)
            $plan[1].Batch | Should -BeNullOrEmpty
            $plan[1].Reason | Should -Not -BeNullOrEmpty
            $warned | Should -Match 'findings'
            $finding = $people | New-CoexistBatchPlan -Night $nights -As Finding
            $finding.Code | Should -Be 'NightImpossible'
            $finding.Message | Should -Match 'not before 2027-02-01'
        }

        It 'takes along who is hard-tied to somebody whom a finding excludes' {
            $people = Set-Csv blocked.csv 'Identity,LicensedByGovernance', 'a,', 'b,yes', 'c,'
            $plan = New-CoexistBatchPlan -PeoplePath $people -TiesPath (Set-Csv t.csv 'From,To,Weight', 'b,c,hard')
            ($plan | Where-Object Batch).Identity | Should -Be 'a'
            $plan[1].Reason | Should -Match '^LicensedByGovernance'
            $plan[2].Reason | Should -Match 'hard tie leads to b'
        }
    }

    Context 'the file' {
        It 'has the same bytes again, is not replaced unasked, and -WhatIf writes nothing' {
            $path = Join-Path $TestDrive 'plan.json'
            Get-Person 30 | New-CoexistBatchPlan -Night $nights -PeoplePerNight 12 -Path $path | Out-Null
            $hash = (Get-FileHash $path).Hash
            $again = Join-Path $TestDrive 'again.json'
            Get-Person 30 | New-CoexistBatchPlan -Night $nights -PeoplePerNight 12 -Path $again | Out-Null
            (Get-FileHash $again).Hash | Should -Be $hash
            Join-Path $TestDrive 'batches.schema.json' | Should -Exist
            $told = Invoke-Fresh "Import-Module '$(Get-BuiltManifest)'; 'a' | New-CoexistBatchPlan -Path '$path'"
            "$told" | Should -Match '-Force' -Because 'nobody can be asked'
            (Get-FileHash $path).Hash | Should -Be $hash
            $none = Join-Path $TestDrive 'none.json'
            @(Get-Person 3 | New-CoexistBatchPlan -Path $none -WhatIf).Count | Should -Be 3
            $none | Should -Not -Exist
            $plan = Get-Content $path -Raw | ConvertFrom-Json
            $plan.summary.people | Should -Be 30
            $plan.people.Count | Should -Be 30
            ($plan.caps | Where-Object binds).source | Should -Not -BeNullOrEmpty
        }

        It 'is planned again so that as few as possible move, and says who' {
            $path = Join-Path $TestDrive 'first.json'
            $people = Get-Person 30
            $first = @($people | New-CoexistBatchPlan -Night $nights -PeoplePerNight 10 -Path $path)
            $same = @($people | New-CoexistBatchPlan -Night $nights -PeoplePerNight 10 -Previous $path)
            ($same | Where-Object Moved) | Should -BeNullOrEmpty
            $same.Batch | Should -Be $first.Batch
            $who = $first | Where-Object Night -EQ '2027-01-11' | Select-Object -First 1
            $people | Where-Object Identity -EQ $who.Identity | Add-Member NotBefore '2027-01-13'
            $moved = @($people | New-CoexistBatchPlan -Night $nights -PeoplePerNight 10 -Previous $path | Where-Object Moved)
            $moved.Count | Should -Be 2 -Because 'one must, and one makes room'
            $moved.Identity | Should -Contain $who.Identity
            ($moved | Where-Object Identity -EQ $who.Identity).PreviousBatch | Should -Be $who.Batch
        }

        It 'keeps submitted batches' {
            $path = Join-Path $TestDrive 'submitted.json'
            $people = Get-Person 20
            $first = @($people | New-CoexistBatchPlan -Night $nights -PeoplePerNight 10 -Path $path)
            $batch = $first[0].Batch
            $second = @($people | New-CoexistBatchPlan -Night $nights[1..2] -PeoplePerNight 10 -Previous $path -Submitted $batch)
            ($second | Where-Object Batch -EQ $batch).Identity | Should -Be ($first | Where-Object Batch -EQ $batch).Identity
            $batches = $people | New-CoexistBatchPlan -Night $nights[1..2] -PeoplePerNight 10 -Previous $path -Submitted $batch -As Batch
            ($batches | Where-Object Submitted).Batch | Should -Be $batch
            { $people | New-CoexistBatchPlan -Previous (Set-Csv not.json '{}') } | Should -Throw -ErrorId 'BatchPlanInvalid,New-CoexistBatchPlan'
        }
    }

    Context 'what batches need' {
        It 'writes a CSV of target addresses for each batch and the people of each night' {
            $folder = Join-Path $TestDrive 'export'
            $people = Set-Csv targets.csv 'Identity,TargetAddress', 'a,a@fabrikam.com', '"Müller, Zoë","zoë@fabrikam.com"', 'c,'
            $plan = New-CoexistBatchPlan -PeoplePath $people -Night $nights[0] -ExportPath $folder -ErrorVariable problems -ErrorAction SilentlyContinue
            $problems.FullyQualifiedErrorId | Should -Be 'TargetUnknown,New-CoexistBatchPlan'
            (Import-Csv (Join-Path $folder "$($plan[0].Batch).csv")).EmailAddress | Should -Be 'a@fabrikam.com', 'zoë@fabrikam.com'
            $notify = Import-Csv (Join-Path $folder '2027-01-11.notify.csv')
            $notify.Identity | Should -Be 'a', 'Müller, Zoë', 'c'
            $notify[0].CompleteAfter | Should -Be '2027-01-11T22:00:00Z'
        }
    }

    Context 'explained' {
        It 'says why somebody is where they are' {
            $people = Set-Csv why.csv 'Identity,NotBefore', 'a,2027-01-12', 'b,', 'c,', 'd,'
            $ties = Set-Csv whyties.csv 'From,To,Kind,Weight', 'a,b,manager,7', 'c,d,,9', 'b,c,,1'
            $why = New-CoexistBatchPlan -PeoplePath $people -TiesPath $ties -Night $nights -PeoplePerNight 2 -Explain a
            $why.PSObject.TypeNames[0] | Should -Be 'Coexist.BatchExplanation'
            $why.Night | Should -BeIn '2027-01-12', '2027-01-13'
            ($why.Nights | Where-Object Night -EQ '2027-01-11').RuledOutBy | Should -Be 'not before 2027-01-12'
            $why.Ties[0].Identity | Should -Be 'b'
            $why.Ties[0].Kind | Should -Be 'manager'
            $why.Ties[0].Cut | Should -BeFalse
            { New-CoexistBatchPlan -PeoplePath $people -Explain nobody } | Should -Throw -ErrorId 'PersonUnknown,New-CoexistBatchPlan'
        }
    }

    Context 'from a specification' {
        BeforeAll {
            $lab = Join-Path $TestDrive 'lab'
            New-CoexistLab -Path $lab -People 200 | Out-Null
            $specification = Join-Path $lab 'coexist.json'
        }

        It 'excludes exactly whom readiness keeps from moving, or a hard tie to them' {
            $plan = @(New-CoexistBatchPlan -Specification $specification -Night $nights -PeoplePerNight 100 -ErrorAction SilentlyContinue -WarningAction SilentlyContinue)
            $blocked = @(Test-CoexistReadiness -Specification $specification -ErrorAction SilentlyContinue | Where-Object { $_.Blocks -and $_.Tenant -eq 'source' } | Select-Object -ExpandProperty Name -Unique)
            $excluded = $plan | Where-Object { -not $_.Batch }
            foreach ($name in $blocked | Where-Object { $_ -in $plan.Identity }) { $excluded.Identity | Should -Contain $name }
            ($excluded | Where-Object { $_.Identity -notin $blocked -and $_.Reason -notmatch 'hard tie' }) | Should -BeNullOrEmpty
            ($plan | Where-Object Batch).Count | Should -BeGreaterThan 100
        }

        It 'takes people and ties from a source snapshot alone' {
            $summary = New-CoexistBatchPlan -Snapshot (Join-Path $lab 'source') -Night $nights -PeoplePerNight 100 -As Summary -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
            $summary.People | Should -BeGreaterThan 150
            $summary.Ties | Should -BeGreaterThan 0
            $summary.Binding | Should -Be 'batches.peoplePerNight'
        }

        It 'says when it will be over, on the nights that the specification has' {
            $summary = New-CoexistBatchPlan -Specification $specification -As Summary -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
            $summary.EndP50 | Should -Match '^2027-\d\d-\d\d$'
            $summary.EndP90 | Should -BeGreaterOrEqual $summary.EndP50
            $nights = New-CoexistBatchPlan -Specification $specification -As Night -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
            ($nights | Where-Object { $_.Night -ge '2027-01-25' -and $_.Night -le '2027-01-28' }) | Should -BeNullOrEmpty -Because 'the lab has a blackout'
        }

        It 'tells the attribution gap of those whose addresses are removed' {
            $plan = @(New-CoexistBatchPlan -Specification $specification -Night $nights -PeoplePerNight 100 -ErrorAction SilentlyContinue -WarningAction SilentlyContinue | Where-Object Batch)
            $gaps = @($plan | Where-Object AttributionGapHours -GT 0)
            $gaps.Count | Should -BeGreaterThan 0
            $gaps.Count | Should -BeLessThan $plan.Count
            ($gaps.AttributionGapHours | Measure-Object -Minimum).Minimum | Should -BeGreaterThan 2.4 -Because 'it lasts from before the cutover to the end of the night'
        }
    }
}
