# Carrying plans out, on a lab: every surface is the lab's world, or a fake session in front of it.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    . (Join-Path $PSScriptRoot 'FakeSessions.ps1')
    $source, $target = 'c0270500-0000-4000-8000-00000000c0de', 'fab21ca0-0000-4000-8000-00000000c0de'
    $quiet = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
    $module = Get-Module Coexist
    $made = Join-Path $TestDrive 'made'
    $null = New-CoexistLab $made -People 40 -Force
    $null = New-CoexistPlan (Join-Path $made 'coexist.json') -Path (Join-Path $made 'plan.json') @quiet

    # A lab of its own for each test that changes one, and its plan.
    function Copy-Lab([string] $Name) {
        Disconnect-CoexistTenant
        $folder = Join-Path $TestDrive $Name
        Copy-Item $made $folder -Recurse
        $folder
    }

    # Exchange as a session in front of the lab's world: its commands are those of a temporary module, and hand everything on.
    function Connect-FakeExchange([string] $Folder) {
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $Folder
        Set-FakeSession
        $connection = New-FakeExchange Tgt $target fabrikam.onmicrosoft.com, fabrikam.com {
            function Get-MailUser { Get-FabrikamMailUser @args }
            function Get-User { Get-FabrikamUser @args }
            function Set-MailUser {
                if ($global:fakeRefusal) { throw [UnauthorizedAccessException]::new($global:fakeRefusal) }
                $global:fakeWrites++
                Set-FabrikamMailUser @args
            }
            function Set-User { $global:fakeWrites++; Set-FabrikamUser @args }
            function New-MailUser {
                [CmdletBinding()]
                param($Name, $Alias, $MicrosoftOnlineServicesID, $ExternalEmailAddress, $DisplayName, [securestring] $Password)
                $global:fakeWrites++
                $global:fakePasswords.Add([Net.NetworkCredential]::new('', $Password).Password)
                Write-Warning 'made'
                New-FabrikamMailUser @PSBoundParameters
            }
            function Remove-MailUser { $global:fakeWrites++; Remove-FabrikamMailUser @args -Confirm:$false }
        }
        $global:fakeWrites = 0
        $global:fakeRefusal = $null
        $global:fakePasswords = [Collections.Generic.List[string]]::new()
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Tgt
        $connection
    }
}

AfterAll {
    Disconnect-CoexistTenant
    Remove-FakeSession
    Remove-Variable fakeWrites, fakePasswords, fakeRefusal -Scope Global -ErrorAction Ignore
}

Describe 'Connect-CoexistTenant -Lab' {
    BeforeAll { $lab = Copy-Lab connect }

    It 'connects every surface, and brings commands under the tenant''s name' {
        $connections = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
        $connections.Surface | Sort-Object | Should -Be 'activeDirectory', 'exchange', 'graph', 'sharePoint', 'teams'
        $connections.TenantId | Select-Object -Unique | Should -Be $target
        @(Get-FabrikamMailUser).Count | Should -BeGreaterThan 5
        $null = Connect-CoexistTenant contoso.onmicrosoft.com -Lab $lab
        @(Get-ContosoMailbox).Count | Should -BeGreaterThan 5
        $folder = Join-Path $TestDrive 'observed'
        (Get-FabrikamMailUser | Export-CoexistSnapshot -Tenant fabrikam.onmicrosoft.com -Path $folder -Kind mailUsers @quiet).Objects | Should -BeGreaterThan 5
        { Export-CoexistSnapshot -Tenant fabrikam.onmicrosoft.com -Path $folder -Kind users } | Should -Throw -ErrorId 'LabNotRead,Export-CoexistSnapshot'
    }

    It 'gives each command the parameters that the service''s own has' {
        { Get-FabrikamMailUser -Nonsense 1 } | Should -Throw -ErrorId 'NamedParameterNotFound,*'
        # On-premises only.
        { Get-FabrikamMailUser -DomainController dc1 } | Should -Throw -ErrorId 'NamedParameterNotFound,*'
        { Set-FabrikamMailUser anna -ExchangeGuid nonsense } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        $facts = ([IO.File]::ReadAllText((Join-Path $PSScriptRoot '../data/cmdlets.json')) | ConvertFrom-Json).cmdlets
        $common = [Management.Automation.Cmdlet]::CommonParameters + [Management.Automation.Cmdlet]::OptionalCommonParameters
        foreach ($fact in $facts.PSObject.Properties) {
            $command = Get-Command ($fact.Name -replace '-', '-Fabrikam')
            $expected = @($fact.Value.parameters.PSObject.Properties | Where-Object { $_.Value.exchangeOnline -ne $false -and $_.Name -notin $common }).Name | Sort-Object
            @($command.Parameters.Keys | Where-Object { $_ -notin $common }) | Sort-Object | Should -Be $expected -Because $fact.Name
            $command.Parameters.ContainsKey('WhatIf') | Should -Be ([bool]$fact.Value.supportsShouldProcess) -Because $fact.Name
        }
    }

    It 'refuses as the service does, and lets the caller decide what an error is' {
        { Get-FabrikamMailUser nobody@fabrikam.com -ErrorAction Stop } | Should -Throw "*couldn't be found*"
        $null = Get-FabrikamMailUser nobody@fabrikam.com -ErrorAction SilentlyContinue -ErrorVariable said
        $said[0].CategoryInfo.Activity | Should -Be 'Get-FabrikamMailUser'
        $said[0].Exception.Data['ServiceException'] | Should -Not -BeNullOrEmpty
    }

    It 'asks before it removes, and not with -WhatIf' {
        $one = (Get-FabrikamMailUser)[0].Identity
        Remove-FabrikamMailUser $one -WhatIf
        (Get-FabrikamMailUser $one).Identity | Should -Be $one
    }

    It 'has a time of its own, which is let go on' {
        $now = [datetime](Step-FabrikamLab)
        ([datetime](Step-FabrikamLab 60) - $now).TotalMinutes | Should -BeGreaterOrEqual 60
        $then = $now.ToUniversalTime().Date.AddDays(2)
        ([datetime](Step-FabrikamLab -To $then)).ToUniversalTime() | Should -Be $then
    }

    It 'says what is missing' {
        { Connect-CoexistTenant contoso.onmicrosoft.com -Lab "$TestDrive" } | Should -Throw -ErrorId 'LabNotFound,Connect-CoexistTenant'
        { Connect-CoexistTenant adatum.onmicrosoft.com -Lab $lab } | Should -Throw -ErrorId 'TenantNotInLab,Connect-CoexistTenant'
    }

    It 'takes its commands away again' {
        # Another lab under the same names: the commands are the new one's.
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $made
        @(Get-FabrikamMailUser).Count | Should -BeGreaterThan 5
        Disconnect-CoexistTenant fabrikam.onmicrosoft.com
        Get-Command *-Fabrikam* | Should -BeNullOrEmpty
        Get-Command Get-ContosoMailbox | Should -Not -BeNullOrEmpty
        Disconnect-CoexistTenant
        Get-Command *-Contoso* | Should -BeNullOrEmpty
    }
}

Describe 'Invoke-CoexistPlan' {
    BeforeAll {
        $lab = Copy-Lab apply
        $plan = Join-Path $lab 'plan.json'
        $journal = Join-Path $lab 'plan.journal'
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
    }

    It 'ends where there is no such plan, no connection, or nobody to be asked: with nothing done' {
        { Invoke-CoexistPlan (Join-Path $lab 'none.json') -Confirm:$false } | Should -Throw -ErrorId '*,Invoke-CoexistPlan'
        { Invoke-CoexistPlan $plan -Stage nonsense -Confirm:$false } | Should -Throw
        { Invoke-CoexistPlan $plan -StopOn nonsense -Confirm:$false } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        { Invoke-CoexistPlan $plan -StopOn 0 -Confirm:$false } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        $said = Invoke-Fresh @'
Import-Module $manifest
try { Invoke-CoexistPlan $plan -Confirm:$false } catch { $_.FullyQualifiedErrorId }
$null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
try { Invoke-CoexistPlan $plan } catch { $_.FullyQualifiedErrorId }
try { Invoke-CoexistPlan $plan -Confirm } catch { $_.FullyQualifiedErrorId }
'@ @{ manifest = Get-BuiltManifest; plan = $plan; lab = $lab }
        $said | Should -Be 'TenantNotConnected,Invoke-CoexistPlan', 'ConfirmationNeeded,Invoke-CoexistPlan', 'ConfirmationNeeded,Invoke-CoexistPlan'
        $journal | Should -Not -Exist
    }

    It '-WhatIf shows every operation that would be done, changes nothing and writes no journal' {
        $before = Get-FabrikamMailUser | ConvertTo-Json -Depth 5
        $rows = @(Invoke-CoexistPlan $plan -Stage prepare -WhatIf @quiet)
        @($rows | Where-Object Outcome -EQ 'WhatIf').Count | Should -BeGreaterThan 10
        @($rows | Where-Object Outcome -In 'Done', 'Failed').Count | Should -Be 0
        $rows[-1].PSObject.TypeNames[0] | Should -Be 'Coexist.ApplicationSummary'
        $journal | Should -Not -Exist
        Get-FabrikamMailUser | ConvertTo-Json -Depth 5 | Should -BeExactly $before
        # So when the calling script prefers that.
        $script = Join-Path $TestDrive 'prefer.ps1'
        Set-Content $script "`$WhatIfPreference = `$true; Invoke-CoexistPlan '$plan' -Stage prepare -Quiet"
        (& $script).WhatIf | Should -BeGreaterThan 10
        $journal | Should -Not -Exist
    }

    It 'emits a row for each operation and the summary at last, and stops in good order after -MaxOperations' {
        $rows = @(Invoke-CoexistPlan $plan -Surface exchange -MaxOperations 3 -NoWait -Confirm:$false @quiet)
        $summary = $rows[-1]
        $summary.PSObject.TypeNames[0] | Should -Be 'Coexist.ApplicationSummary'
        $summary.Stopped | Should -Be 'MaxOperations'
        $summary.Done + $summary.Pending + $summary.Failed | Should -Be 3
        $rows[0].PSObject.TypeNames[0] | Should -Be 'Coexist.OperationResult'
        foreach ($row in $rows[0..($rows.Count - 2)]) { $row.Operation, $row.Outcome, $row.Name, $row.Step, $row.Surface | Should -Not -BeNullOrEmpty }
        $journal | Should -Exist
    }

    It 'carries out the stage, makes an error of each operation that failed, and does nothing twice' {
        $rows = @(Invoke-CoexistPlan $plan -Stage prepare -Confirm:$false -ErrorVariable problems @quiet)
        $summary = $rows[-1]
        $summary.Done | Should -BeGreaterThan 10
        $summary.Pending, $summary.Waiting | Should -Be 0, 0
        $failed = @($rows | Where-Object Outcome -EQ 'Failed')
        @($problems | Where-Object { $_.CategoryInfo.Category -eq 'WriteError' }).Count | Should -Be $failed.Count
        if ($failed) { $problems[0].TargetObject | Should -BeIn $failed.Operation }
        $summary.ExitCode | Should -Be $(if ($failed) { 4 } elseif ($summary.Skipped) { 3 } else { 0 })
        # It is there, seen by whoever looks.
        $done = $rows | Where-Object { $_.Outcome -eq 'Done' -and $_.Step -eq 'create' } | Select-Object -First 1
        (Get-FabrikamMailUser $done.Target).ExternalEmailAddress | Should -Not -BeNullOrEmpty

        $again = Invoke-CoexistPlan $plan -Stage prepare -Confirm:$false -Quiet @quiet
        $again.Done | Should -Be 0
        $again.Earlier | Should -BeGreaterOrEqual $summary.Done
    }

    It 'goes on with every stage, and leaves to later runs what waits for mailboxes to sync' {
        $summary = Invoke-CoexistPlan $plan -NoWait -Confirm:$false -Quiet @quiet
        $summary.Waiting | Should -BeGreaterThan 0
        $summary.ExitCode | Should -BeGreaterThan 1
        $summary.Operations | Should -Be ($summary.Earlier + $summary.Done + $summary.AlreadyDone + $summary.Pending + $summary.Waiting + $summary.Skipped + $summary.Failed)
        $summary.Done | Should -BeGreaterThan 0
    }

    It 'completes stages, surfaces and people' {
        foreach ($case in @{ Line = "Invoke-CoexistPlan '$plan' -Stage preS"; Text = 'preStage' }, @{ Line = "Invoke-CoexistPlan '$plan' -Surface act"; Text = 'activeDirectory' }) {
            ([Management.Automation.CommandCompletion]::CompleteInput($case.Line, $case.Line.Length, $null)).CompletionMatches.CompletionText | Should -Be $case.Text
        }
        $name = (([IO.File]::ReadAllText($plan) | ConvertFrom-Json).operations | Where-Object { $_.name -match '^[a-z.@-]+$' })[0].name
        $line = "Invoke-CoexistPlan '$plan' -Subject $($name.Substring(0, 4))"
        ([Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText | Should -Contain $name
    }
}

Describe 'What cannot be taken back' {
    It 'is skipped where nobody can be asked, and done with -AllowIrreversible' {
        Disconnect-CoexistTenant
        $lab = Join-Path $TestDrive 'irreversible'
        $null = New-CoexistLab $lab -People 150 -Force
        $specification = Join-Path $lab 'coexist.json'
        [IO.File]::WriteAllText($specification, [IO.File]::ReadAllText($specification).Replace('"clearPreviousMailbox": false', '"clearPreviousMailbox": true'))
        $plan = Join-Path $lab 'plan.json'
        $null = New-CoexistPlan $specification -Path $plan @quiet
        $person = (@(([IO.File]::ReadAllText($plan) | ConvertFrom-Json).operations | Where-Object { $_.id -like '*/clearPreviousMailbox' })[0].id -split '/')[1]
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
        $rows = @(Invoke-CoexistPlan $plan -Subject $person -Stage prepare -NoWait -Confirm:$false @quiet)
        ($rows | Where-Object Step -EQ 'clearPreviousMailbox').Outcome | Should -Be 'Skipped'
        $rows = @(Invoke-CoexistPlan $plan -Subject $person -Stage prepare -AllowIrreversible -Confirm:$false @quiet)
        ($rows | Where-Object Step -EQ 'clearPreviousMailbox').Outcome | Should -Be 'Done'
    }
}

Describe 'A plan of batches' {
    It 'hands over the exported file of a batch' {
        $lab = Copy-Lab batches
        $specification = Join-Path $lab 'coexist.json'
        $document = [IO.File]::ReadAllText($specification) | ConvertFrom-Json
        $document.batches | Add-Member sourceEndpoint ToContoso -Force
        [IO.File]::WriteAllText($specification, (ConvertTo-Json $document -Depth 20))
        $plan = Join-Path $lab 'batches.json'
        $first = @(New-CoexistBatchPlan -Specification $specification -Path $plan -ExportPath (Join-Path $lab 'batches') -As Batch @quiet)[0]
        $places = ([IO.File]::ReadAllText($plan) | ConvertFrom-Json).places.id | Where-Object { $_ -like "batch/$($first.Batch)/*" }
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
        $line = "Invoke-CoexistPlan '$plan' -Batch $($first.Batch.Substring(0, 12))"
        ([Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText | Should -Contain $first.Batch
        $run = { @(Invoke-CoexistPlan $plan -Batch $first.Batch -Passed @($places -like '*/scope') -NoWait -Confirm:$false @quiet @args) }
        (& $run | Where-Object Step -EQ 'scope').Outcome | Should -Be 'Done'
        $null = Step-FabrikamLab -To ([datetime]$first.Submit).AddHours(-1)
        (& $run | Where-Object Step -EQ 'validate').Outcome | Should -Be 'Done'
        $null = Step-FabrikamLab -To ([datetime]$first.Submit).AddMinutes(30)
        $submit = & $run | Where-Object Step -EQ 'submit'
        $submit.Outcome | Should -BeIn 'Pending', 'Done'
        $null = Step-FabrikamLab 60
        (Get-FabrikamMigrationBatch $first.Batch).Identity | Should -Be $first.Batch
    }
}

Describe 'A session in the middle' {
    BeforeEach { $lab = Copy-Lab "session-$([guid]::NewGuid())" }
    AfterEach {
        Disconnect-CoexistTenant
        Remove-FakeSession
    }

    It 'of the administrator is used, and what it is made of leaks nowhere: no password, no token' {
        . (Join-Path $PSScriptRoot 'FakeGraph.ps1')
        $null = Connect-FakeExchange $lab
        $token = 'eyJ0eXAi.cGxhbnRlZA-secret.c2lnbmF0dXJl'
        $graph = New-FakeGraph -Users 5 -Groups 1
        $graph.TenantId, $graph.Domain = $target, 'fabrikam.onmicrosoft.com'
        Start-FakeGraph $graph
        $errors = $Error.Count
        try {
            $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -AccessToken (ConvertTo-SecureString $token -AsPlainText -Force) -Environment $graph.Root
            $plan = Join-Path $lab 'plan.json'
            $said = Invoke-CoexistPlan $plan -Confirm:$false -Verbose -Debug -NoWait -InformationAction Continue -ErrorAction Continue *>&1
        }
        finally { Stop-FakeGraph $graph }
        $graph.Tokens | Should -Contain "Bearer $token"
        $fakePasswords.Count | Should -BeGreaterThan 0
        $fakeWrites | Should -BeGreaterThan 5
        $texts = @(Get-ChildItem $lab -Recurse -File -Force | ForEach-Object { [IO.File]::ReadAllText($_.FullName) })
        $texts += $said | Out-String -Width 5000
        $texts += $said | ForEach-Object { [Management.Automation.PSSerializer]::Serialize($_, 2) }
        $texts += $Error | Select-Object -First ([Math]::Max(0, $Error.Count - $errors) + 5) | ForEach-Object { "$_ $($_.Exception) $($_.ErrorDetails) $($_.ScriptStackTrace)" }
        $texts += Get-CoexistJournal $plan | ConvertTo-Json -Depth 6
        foreach ($secret in @($token) + $fakePasswords) {
            @($texts | Where-Object { $_.Contains($secret) -or $_.Contains([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($secret))) }).Count | Should -Be 0
        }
    }

    It 'that belongs to another tenant than the plan''s is refused before anything is done' {
        Set-FakeSession
        $other = [string][guid]::NewGuid()
        $null = New-FakeExchange Tgt $other fabrikam.onmicrosoft.com { function Set-MailUser { $global:fakeWrites++ } }
        $global:fakeWrites = 0
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Tgt
        $plan = Join-Path $lab 'plan.json'
        try { Invoke-CoexistPlan $plan -Confirm:$false } catch { $caught = $_ }
        $caught.FullyQualifiedErrorId | Should -Be 'TenantMismatch,Invoke-CoexistPlan'
        $caught.Exception.Message | Should -Match "$target.*$other"
        $fakeWrites | Should -Be 0
        Join-Path $lab 'plan.journal' | Should -Not -Exist
    }

    It 'that goes over to another tenant stops the work at the next command' {
        $connection = Connect-FakeExchange $lab
        $plan = Join-Path $lab 'plan.json'
        $rows = [Collections.Generic.List[object]]::new()
        try {
            Invoke-CoexistPlan $plan -Surface exchange -Confirm:$false -ErrorAction SilentlyContinue | ForEach-Object {
                $rows.Add($_)
                if ($fakeWrites -ge 3) { $connection.TenantID = $source; $global:fakeWritten = $fakeWrites }
            }
        }
        catch { $caught = $_ }
        $caught.FullyQualifiedErrorId | Should -Be 'TenantMismatch,Invoke-CoexistPlan'
        $fakeWrites | Should -Be $fakeWritten
        Remove-Variable fakeWritten -Scope Global
    }

    It 'that keeps refusing stops the work after -StopOn errors, and each is told with what the service said' {
        $null = Connect-FakeExchange $lab
        $global:fakeRefusal = 'Access to the address list is denied for reasons of test.'
        $rows = @(Invoke-CoexistPlan (Join-Path $lab 'plan.json') -Stage prepare -Surface exchange -StopOn 2 -Confirm:$false -ErrorVariable problems @quiet)
        $rows[-1].Stopped, $rows[-1].ExitCode, $rows[-1].Failed | Should -Be 'StopOn', 5, 2
        # What the commands themselves said is in this variable, too; in $Error it is not.
        $told = @($problems | Where-Object { $_.CategoryInfo.Category -eq 'WriteError' })
        @($told | Where-Object { $_.Exception.Message -match 'for reasons of test' }).Count | Should -Be 2
        foreach ($problem in $told) { $problem.FullyQualifiedErrorId | Should -Match '^\w+,Invoke-CoexistPlan$' }
        foreach ($rate in '5%', '2.5%') {
            $rows = @(Invoke-CoexistPlan (Join-Path $lab 'plan.json') -Stage prepare -Surface exchange -StopOn $rate -Limit @{ stopOnPercentAfter = 3 } -Confirm:$false @quiet)
            $rows[-1].Stopped, $rows[-1].ExitCode, ($rows[-1].Failed + $rows[-1].Done) | Should -Be 'StopOn', 5, 3
        }
        { Invoke-CoexistPlan (Join-Path $lab 'plan.json') -Limit @{ nonsense = 1 } -Confirm:$false } | Should -Throw -ErrorId 'LimitUnknown,*'
    }

    It 'that waits ends within half a second of Ctrl+C, and leaves no lock: the next run goes on' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript(@'
param($manifest, $plan, $target, $fakes)
. $fakes
Import-Module $manifest
Set-FakeSession
# Whatever is written never shows.
$null = New-FakeExchange Tgt $target fabrikam.onmicrosoft.com {
    function Get-MailUser { [CmdletBinding()] param($Identity) Write-Error -Message "The operation couldn't be performed because object '$Identity' couldn't be found on 'dc1'." -ErrorId ManagementObjectNotFoundException }
    function New-MailUser { [CmdletBinding()] param($Name, $Alias, $MicrosoftOnlineServicesID, $ExternalEmailAddress, $DisplayName, [securestring] $Password) }
}
$null = Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Tgt
Invoke-CoexistPlan $plan -Surface exchange -Confirm:$false -ErrorAction SilentlyContinue
'@).AddArgument((Get-BuiltManifest)).AddArgument((Join-Path $lab 'plan.json')).AddArgument($target).AddArgument((Join-Path $PSScriptRoot 'FakeSessions.ps1'))
        $running = $shell.BeginInvoke()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $file = Join-Path $lab 'plan.journal/target-exchange.jsonl'
        while ($watch.Elapsed.TotalSeconds -lt 30 -and -not ((Test-Path $file) -and ([IO.FileInfo]$file).Length -gt 500)) { Start-Sleep -Milliseconds 50 }
        # Everything that can be done is done, and it waits for it to show.
        Start-Sleep -Milliseconds 700
        $running.IsCompleted | Should -BeFalse
        $watch.Restart()
        $shell.Stop()
        $watch.Elapsed.TotalMilliseconds | Should -BeLessThan 500
        $shell.Dispose()
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
        $summary = Invoke-CoexistPlan (Join-Path $lab 'plan.json') -Surface exchange -NoWait -Confirm:$false -Quiet @quiet
        $summary.PSObject.TypeNames[0] | Should -Be 'Coexist.ApplicationSummary'
    }
}
