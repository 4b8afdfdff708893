# The commands that run a job of the engine, on a lab.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $lab = New-CoexistLab (Join-Path $TestDrive 'lab') -People 60 -Force
    $quiet = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
}

Describe 'New-CoexistLab' {
    It 'says what it wrote, under capitalized names' {
        $lab.PSObject.TypeNames[0] | Should -Be 'Coexist.Lab'
        $lab.PSObject.Properties.Name | Sort-Object | Should -BeExactly 'Path', 'People', 'Planted', 'Seed', 'Specification'
        $lab.Specification | Should -Exist
    }

    It 'does not replace what is there, unless forced' {
        { New-CoexistLab $lab.Path -People 10 -ErrorAction Stop } | Should -Throw -ErrorId '*,New-CoexistLab'
    }

    It 'writes nothing with -WhatIf, nor when the calling script prefers that' {
        $path = Join-Path $TestDrive 'never'
        New-CoexistLab $path -People 10 -WhatIf | Should -BeNullOrEmpty
        $script = Join-Path $TestDrive 'whatif.ps1'
        Set-Content $script "`$WhatIfPreference = `$true; New-CoexistLab '$path' -People 10"
        & $script | Should -BeNullOrEmpty
        $path | Should -Not -Exist
    }
}

Describe 'A running job' {
    It 'ends within half a second of Ctrl+C, and leaves nothing half-written' {
        $path = Join-Path $TestDrive 'stopped'
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-BuiltManifest)'; New-CoexistLab '$path' -People 3000000")
        $running = $shell.BeginInvoke()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        # Until it is under way: progress has come.
        while ($shell.Streams.Progress.Count -eq 0 -and $watch.Elapsed.TotalSeconds -lt 60) { Start-Sleep -Milliseconds 50 }
        $running.IsCompleted | Should -BeFalse
        $shell.Streams.Progress.Count | Should -BeGreaterThan 0
        $watch.Restart()
        $shell.Stop()
        $watch.Elapsed.TotalMilliseconds | Should -BeLessThan 500
        Join-Path $path 'coexist.json' | Should -Not -Exist
        $shell.Dispose()
        # The library is alive and well in this process.
        (New-CoexistLab (Join-Path $TestDrive 'after') -People 5).People | Should -Be 5
    }

    It 'shows its progress at most five times a second, and takes it away at the end' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-BuiltManifest)'; New-CoexistLab '$(Join-Path $TestDrive 'progress')' -People 20000")
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $null = $shell.Invoke()
        $records = @($shell.Streams.Progress)
        $records.Count | Should -BeGreaterThan 0
        $records.Count | Should -BeLessOrEqual (5 * [Math]::Ceiling($watch.Elapsed.TotalSeconds) + 2)
        $records[-1].RecordType | Should -Be 'Completed'
        $shell.Dispose()
    }
}

Describe 'Test-CoexistReadiness' {
    It 'emits findings, flat and named' {
        $findings = Test-CoexistReadiness $lab.Specification @quiet
        $findings.Count | Should -BeGreaterThan 10
        $findings[0].PSObject.TypeNames[0] | Should -Be 'Coexist.Finding'
        foreach ($finding in $findings) { $finding.Code, $finding.Severity, $finding.Message, $finding.Remedy | Should -Not -BeNullOrEmpty }
    }

    It 'makes one error of each bad record, with file and line, and goes on' {
        $null = Test-CoexistReadiness $lab.Specification -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems.Count | Should -Be @($lab.Planted.problems).Count
        foreach ($problem in $problems) {
            $problem.FullyQualifiedErrorId | Should -Match '^[A-Z]\w+,Test-CoexistReadiness$'
            $problem.Exception.Message | Should -Match '\.jsonl:\d+: '
        }
    }

    It 'finds what was planted' {
        $findings = Test-CoexistReadiness $lab.Specification @quiet
        $found = $findings | Group-Object Code | ForEach-Object { "$($_.Name) $($_.Count)" } | Sort-Object
        $found | Should -Be ($lab.Planted.findings.PSObject.Properties | ForEach-Object { "$($_.Name) $($_.Value)" } | Sort-Object)
    }

    It 'ends where the specification is missing' {
        { Test-CoexistReadiness (Join-Path $TestDrive 'none.json') -ErrorAction Stop } | Should -Throw -ErrorId '*,Test-CoexistReadiness'
    }
}

Describe 'New-CoexistPlan' {
    BeforeAll {
        $path = Join-Path $TestDrive 'plan.json'
        $summary = New-CoexistPlan $lab.Specification -Path $path @quiet
    }

    It 'writes a plan and sums it up' {
        $summary.PSObject.TypeNames[0] | Should -Be 'Coexist.PlanSummary'
        $summary.People | Should -BeGreaterThan 0
        $summary.Operations | Should -BeGreaterThan 0
        $plan = [IO.File]::ReadAllText($path) | ConvertFrom-Json
        $plan.operations | Should -Not -BeNullOrEmpty
        foreach ($line in $plan.operations) {
            $plan.steps.($line.id.Split('/')[-1]).forms.($line.form).stage | Should -BeIn 'prepare', 'preStage', 'cutover'
        }
    }

    It 'asks before it replaces, and where nobody can be asked it says so and writes nothing' {
        $before = (Get-Item $path).LastWriteTimeUtc
        $said = Invoke-Fresh @'
Import-Module $manifest
try { New-CoexistPlan $specification -Path $path -ErrorAction SilentlyContinue } catch { $_.FullyQualifiedErrorId }
'@ @{ manifest = Get-BuiltManifest; specification = $lab.Specification; path = $path }
        $said | Should -Contain 'ConfirmationNeeded,New-CoexistPlan'
        (Get-Item $path).LastWriteTimeUtc | Should -Be $before
    }

    It 'gives the same bytes again, with -Force' {
        $before = (Get-FileHash $path).Hash
        $null = New-CoexistPlan $lab.Specification -Path $path -Force @quiet
        (Get-FileHash $path).Hash | Should -Be $before
    }

    It 'takes paths of the session, relative ones too' {
        Push-Location (Split-Path $lab.Specification)
        try { (New-CoexistPlan -Path relative.json @quiet).Path | Should -Be (Join-Path (Split-Path $lab.Specification) 'relative.json') }
        finally { Pop-Location }
    }
}

Describe 'Snapshots' {
    BeforeAll {
        $folder = Join-Path $TestDrive 'snapshot'
        $guid = [guid]'00112233-4455-6677-8899-aabbccddeeff'
        $mailbox = [pscustomobject]@{
            DisplayName = "Anna `"M$([char]0xFC)ller`"`n\"; PrimarySmtpAddress = 'anna@contoso.com'; UserPrincipalName = 'anna@contoso.com'; RecipientTypeDetails = 'UserMailbox'
            EmailAddresses = [Collections.ArrayList]@('SMTP:anna@contoso.com', 'x500:/o=a/cn=b'); ExchangeGuid = $guid; ExternalDirectoryObjectId = "$guid"; ArchiveGuid = [guid]::Empty
            LitigationHoldEnabled = $false; LegacyExchangeDN = $null; MyOwn = 'kept'; NotAsked = 'dropped'
        }
    }

    It 'keep what was piped: text, lists, GUIDs, nothing; and not what is not on the object' {
        $written = $mailbox | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $folder -Property MyOwn
        $written.Kind | Should -Be 'mailboxes'
        $written.Objects | Should -Be 1
        $read = Get-CoexistSnapshot $folder mailboxes
        $read.DisplayName | Should -BeExactly $mailbox.DisplayName
        $read.EmailAddresses | Should -Be 'SMTP:anna@contoso.com', 'x500:/o=a/cn=b'
        $read.ExchangeGuid | Should -Be "$guid"
        $read.LitigationHoldEnabled | Should -BeFalse
        $read.PSObject.Properties.Name | Should -Contain 'LegacyExchangeDN'
        $read.LegacyExchangeDN | Should -BeNullOrEmpty
        $read.MyOwn | Should -Be 'kept'
        $read.PSObject.Properties.Name | Should -Not -Contain 'NotAsked'
        $read.PSObject.Properties.Name | Should -Not -Contain 'InPlaceHolds'
        (Get-CoexistSnapshot $folder).Name | Should -Be 'contoso.onmicrosoft.com'
    }

    It 'keep the properties of a kind that is named' {
        $named = Join-Path $TestDrive 'named'
        $written = $mailbox | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $named -Kind mailboxes
        $written.Kind | Should -Be 'mailboxes'
        $read = Get-CoexistSnapshot $named mailboxes
        $read.PrimarySmtpAddress | Should -Be 'anna@contoso.com'
        $read.EmailAddresses | Should -Be 'SMTP:anna@contoso.com', 'x500:/o=a/cn=b'
        $members = [pscustomobject]@{ Group = 'sales@contoso.com'; PrimarySmtpAddress = 'anna@contoso.com'; ExternalDirectoryObjectId = "$guid" } |
            Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $named -Kind members
        $members.Objects | Should -Be 1
        (Get-CoexistSnapshot $named members).Group | Should -Be 'sales@contoso.com'
    }

    It 'writes a kind of which the tenant has nothing, where it is named' {
        $none = Join-Path $TestDrive 'none'
        $written = @() | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $none -Kind mailContacts
        $written.Kind | Should -Be 'mailContacts'
        $written.Objects | Should -Be 0
        (Get-CoexistSnapshot $none).Kinds.Kind | Should -Be 'mailContacts'
    }

    It 'are not written with -WhatIf' {
        $never = Join-Path $TestDrive 'never-snapshot'
        $mailbox | Export-CoexistSnapshot -Tenant x -Path $never -WhatIf | Should -BeNullOrEmpty
        $never | Should -Not -Exist
    }

    It 'take many objects in several chunks' {
        $many = Join-Path $TestDrive 'many'
        $count = 6000
        $written = 1..$count | ForEach-Object {
            [pscustomobject]@{ UserPrincipalName = "u$_@contoso.com"; PrimarySmtpAddress = "u$_@contoso.com"; RecipientTypeDetails = 'UserMailbox'; ExternalDirectoryObjectId = [string][guid]::NewGuid(); DisplayName = 'x' * 200 }
        } | Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $many
        $written.Objects | Should -Be $count
        @(Get-CoexistSnapshot $many mailboxes).Count | Should -Be $count
    }
}

Describe 'Tab completion' {
    It 'offers the kinds and the items' {
        $line = 'Get-CoexistSnapshot x -Kind mailU'
        ([Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText | Should -Be 'mailUsers'
        $line = 'New-CoexistPlan -Item '
        ([Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText | Should -Contain 'MC-01'
    }
}
