# Taking back, and looking: what a journal says, and how a plan stands.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $quiet = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
    # Not in the test drive: Pester takes away there what each block has made.
    $lab = Join-Path ([IO.Path]::GetTempPath()) "coexist-$([guid]::NewGuid())"
    $plan = Join-Path $lab 'plan.json'
    $null = New-CoexistLab $lab -People 40 -Force
    $null = New-CoexistPlan (Join-Path $lab 'coexist.json') -Path $plan @quiet
    $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
    # What the plan is about, of everybody: order does not count.
    function Get-World {
        Get-FabrikamMailUser | Sort-Object { "$($_.ExternalDirectoryObjectId)" } | ForEach-Object {
            "$($_.ExternalDirectoryObjectId) $($_.ExchangeGuid) $($_.ExternalEmailAddress) $($_.PrimarySmtpAddress) $(@($_.EmailAddresses | Sort-Object) -join ',')"
        }
    }
    $first = Get-World
}

AfterAll {
    Disconnect-CoexistTenant
    Remove-Item $lab -Recurse -Force
}

Describe 'Watch-CoexistPlan, before anything is done' {
    It 'puts out states as objects with -Once, and takes no lock' {
        $states = @(Watch-CoexistPlan $plan -Once)
        $states.Count | Should -BeGreaterThan 20
        $states[0].PSObject.TypeNames[0] | Should -Be 'Coexist.OperationState'
        foreach ($state in $states) {
            $state.State | Should -BeIn 'Due', 'Waiting'
            $state.Operation, $state.Name, $state.Step, $state.Surface | Should -Not -BeNullOrEmpty
        }
        @(Watch-CoexistPlan $plan -Once -Stage prepare -Surface exchange).Count | Should -BeLessThan $states.Count
        Join-Path $lab 'plan.journal' | Should -Not -Exist
        { Watch-CoexistPlan (Join-Path $lab 'none.json') -Once } | Should -Throw -ErrorId '*,Watch-CoexistPlan'
    }

    It 'shows rounds where the host has no cursor, and ends at once with Ctrl+C' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$(Get-BuiltManifest)'; Watch-CoexistPlan '$plan' -Seconds 1")
        $running = $shell.BeginInvoke()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while ($shell.Streams.Information.Count -lt 5 -and $watch.Elapsed.TotalSeconds -lt 30) { Start-Sleep -Milliseconds 50 }
        Start-Sleep -Milliseconds 1500
        $running.IsCompleted | Should -BeFalse
        $told = @($shell.Streams.Information | ForEach-Object { [string]$_ })
        ($told -join "`n") | Should -Match '\d+ due'
        # Nothing has changed, so nothing more is said.
        @($told -match ' due').Count | Should -BeLessThan 25
        @($told -match 'plan\.json').Count | Should -Be 1
        $watch.Restart()
        $shell.Stop()
        $watch.Elapsed.TotalMilliseconds | Should -BeLessThan 500
        $shell.Dispose()
    }
}

Describe 'Get-CoexistJournal' {
    BeforeAll { $rows = @(Invoke-CoexistPlan $plan -Surface exchange -Stage prepare -Confirm:$false @quiet) }

    It 'has an entry for each operation that was carried out, in order, with who and when' {
        $entries = @(Get-CoexistJournal $plan)
        $entries[0].PSObject.TypeNames[0] | Should -Be 'Coexist.JournalEntry'
        $carried = @($rows | Where-Object { $_.Outcome -in 'Done', 'Failed' -and $_.Operation })
        @($entries.Operation | Sort-Object -Unique).Count | Should -BeGreaterOrEqual $carried.Count
        foreach ($entry in $entries) { $entry.At, $entry.Act, $entry.Step, $entry.Host, $entry.Run | Should -Not -BeNullOrEmpty }
        $entries.At | Should -Be ($entries.At | Sort-Object)
    }

    It 'is filtered by operation, person and outcome' {
        $row = $rows | Where-Object Outcome -EQ 'Done' | Select-Object -First 1
        (Get-CoexistJournal $plan -Operation $row.Operation).Outcome | Should -Contain 'Done'
        @(Get-CoexistJournal $plan -Operation "*/$($row.Step)").Step | Select-Object -Unique | Should -Be $row.Step
        $theirs = @(Get-CoexistJournal $plan -Subject $row.Name)
        $theirs.Operation | Should -Contain $row.Operation
        $theirs.Count | Should -BeLessThan @(Get-CoexistJournal $plan).Count
        Get-CoexistJournal $plan -Subject nobody@nowhere | Should -BeNullOrEmpty
        @(Get-CoexistJournal $plan -Outcome Done).Outcome | Select-Object -Unique | Should -Be 'Done'
    }

    It 'shows a torn end as what was said before it' {
        $file = Join-Path $lab 'plan.journal/target-exchange.jsonl'
        $before = @(Get-CoexistJournal $plan).Count
        [IO.File]::AppendAllText($file, '{"line":"intent","id":"MC-0')
        @(Get-CoexistJournal $plan).Count | Should -Be $before
        (Get-CoexistJournal $plan -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }).Message -join ' ' | Should -Match 'cut off'
        $next = Invoke-CoexistPlan $plan -Surface exchange -MaxOperations 1 -NoWait -Confirm:$false -Quiet -ErrorAction SilentlyContinue -WarningVariable told -WarningAction SilentlyContinue
        $next.ExitCode | Should -BeIn 0, 2, 3, 4
        $told -join ' ' | Should -Not -BeNullOrEmpty
    }
}

Describe 'Watch-CoexistPlan, with work done' {
    It 'leaves out what is done, unless asked' {
        @(Watch-CoexistPlan $plan -Once -Surface exchange -Stage prepare | Where-Object State -EQ 'Done').Count | Should -Be 0
        @(Watch-CoexistPlan $plan -Once -Surface exchange -Stage prepare -IncludeDone | Where-Object State -EQ 'Done').Count | Should -BeGreaterThan 5
    }
}

Describe 'Undo-CoexistPlan' {
    It 'shows with -WhatIf, and needs confirmation where nobody can be asked' {
        $now = Get-World
        @(Undo-CoexistPlan $plan -WhatIf @quiet | Where-Object Outcome -EQ 'WhatIf').Count | Should -BeGreaterThan 5
        Get-World | Should -Be $now
        $said = Invoke-Fresh @'
Import-Module $manifest
$null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab
try { Undo-CoexistPlan $plan } catch { $_.FullyQualifiedErrorId }
'@ @{ manifest = Get-BuiltManifest; plan = $plan; lab = $lab }
        $said | Should -Be 'ConfirmationNeeded,Undo-CoexistPlan'
    }

    It 'takes back one person, then everything, in reverse' {
        $row = Get-CoexistJournal $plan -Outcome Done | Where-Object { $_.Act -eq 'Apply' -and $_.Step -eq 'stamp' } | Select-Object -First 1
        $person = ($row.Operation -split '/')[1]
        $one = @(Undo-CoexistPlan $plan -Subject $person -Confirm:$false @quiet)
        @($one | Where-Object Outcome -EQ 'Undone').Count | Should -BeGreaterThan 0
        $one[-1].PSObject.TypeNames[0] | Should -Be 'Coexist.ApplicationSummary'
        @($one | Where-Object Outcome -EQ 'Undone').Operation | ForEach-Object { $_ | Should -Match $person }

        $all = @(Undo-CoexistPlan $plan -Confirm:$false @quiet)
        $all[-1].Failed | Should -Be 0
        $irreversible = @($all | Where-Object Outcome -EQ 'Skipped').Operation | ForEach-Object { ($_ -split '/')[1] } | Select-Object -Unique
        # Of everybody of whom nothing was left out, the world is as it was.
        $touched = ($all | Where-Object Outcome -EQ 'Skipped').Target
        $same = { param($Lines) @($Lines | Where-Object { $line = $_; -not ($touched | Where-Object { $line -match [regex]::Escape($_) }) }) }
        & $same (Get-World) | Should -Be (& $same $first)
        @($irreversible).Count | Should -BeLessThan 10
    }
}
