# Invoke-CoexistTask.ps1 as a scheduled task starts it: a process of its own, with nobody there.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $quiet = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
    $lab = Join-Path $TestDrive 'lab'
    $plan = Join-Path $lab 'plan.json'
    $task = Join-Path (Split-Path (Get-BuiltManifest)) 'Invoke-CoexistTask.ps1'
    $null = New-CoexistLab $lab -People 30 -Force
    $null = New-CoexistPlan (Join-Path $lab 'coexist.json') -Path $plan @quiet
    $connect = Join-Path $TestDrive 'connect.ps1'
    Set-Content $connect "Write-Output 'planted-secret'; Write-Host 'planted-secret'; Write-Warning 'planted-secret'; Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab '$lab'"

    # Its exit code, what it wrote, and its log; standard input is closed.
    function Invoke-Task([string] $Log, [string[]] $Arguments, [string] $Connect = $connect) {
        $start = [Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path)
        $path = Join-Path $TestDrive $Log
        $words = @('-NoProfile', '-File', $task, '-Plan', $plan, '-ConnectScript', $Connect, '-LogPath', $path) + $Arguments
        $start.Arguments = @(foreach ($word in $words) { "`"$word`"" }) -join ' '
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $start.UseShellExecute = $false
        $process = [Diagnostics.Process]::Start($start)
        $process.StandardInput.Close()
        $out, $problem = $process.StandardOutput.ReadToEndAsync(), $process.StandardError.ReadToEndAsync()
        $ended = $process.WaitForExit(60000)
        if (-not $ended) { $process.Kill() }
        $ended | Should -BeTrue -Because 'nothing may wait for input'
        $lines = if (Test-Path $path) { @([IO.File]::ReadAllLines($path)) } else { @() }
        @{ Code = $process.ExitCode; Out = $out.Result; Error = $problem.Result; Log = $lines; Fields = @(foreach ($line in $lines) { , $line.Split("`t") }) }
    }
}

AfterAll { Disconnect-CoexistTenant }

Describe 'Invoke-CoexistTask.ps1' {
    It 'does what is due, says what is left with 2, and logs each run from its beginning to its end' {
        $run = Invoke-Task 'a.log' '-Surface', 'exchange,graph', '-Stage', 'prepare', '-MaxOperations', '2', '-NoWait'
        $run.Code | Should -BeIn 2, 3, 4
        $run.Fields[0][1] | Should -Be 'begin'
        $run.Fields[-1][1, 2] | Should -Be 'end', $run.Code
        foreach ($field in $run.Fields) { $field.Count | Should -Be 8 }
        @($run.Fields | Where-Object { $_[1] -in 'Done', 'Pending', 'Failed' }).Count | Should -Be 2
        $run.Out | Should -Match 'ExitCode'
        [IO.File]::ReadAllBytes((Join-Path $TestDrive 'a.log'))[0] | Should -Be ([byte][char]'2')

        # The same log: added to.
        $next = Invoke-Task 'a.log' '-Stage', 'prepare'
        @($next.Fields | Where-Object { $_[1] -eq 'begin' }).Count | Should -Be 2
        $next.Log[0] | Should -Be $run.Log[0]
        $failed = @($next.Fields | Where-Object { $_[1] -eq 'Failed' }).Count
        $skipped = @($next.Fields | Where-Object { $_[1] -eq 'Skipped' }).Count
        $next.Code | Should -Be $(if ($failed) { 4 } elseif ($skipped) { 3 } else { 0 })
        $next.Out + $next.Error + ($next.Log -join "`n") | Should -Not -Match 'planted-secret'
    }

    It 'takes back with -Undo' {
        $run = Invoke-Task 'undo.log' '-Undo', '-Stage', 'prepare'
        @($run.Fields | Where-Object { $_[1] -eq 'Undone' }).Count | Should -BeGreaterThan 0
        $run.Fields[-1][1, 2] | Should -Be 'end', $run.Code
    }

    It 'ends with 6 where it was refused before anything was done' {
        $none = Invoke-Task 'b.log' @() (Join-Path $TestDrive 'none.ps1')
        $none.Code, $none.Fields[-1][1] | Should -Be 6, 'end'
        $none.Error | Should -Match 'none\.ps1'
        $wrong = Join-Path $TestDrive 'wrong.ps1'
        Set-Content $wrong "throw 'AADSTS700027: the certificate has expired'"
        $run = Invoke-Task 'b.log' @() $wrong
        $run.Code | Should -Be 6
        @($run.Log -match 'AADSTS700027').Count | Should -Be 1
        $empty = Join-Path $TestDrive 'empty.ps1'
        Set-Content $empty '# connects nothing'
        $run = Invoke-Task 'b.log' @() $empty
        $run.Code | Should -Be 6
        @($run.Log -match 'TenantNotConnected').Count | Should -Be 1
        # There is no such cloud; the token is in no line.
        $token = Join-Path $TestDrive 'token.ps1'
        Set-Content $token "Connect-CoexistTenant fabrikam.onmicrosoft.com -AccessToken (ConvertTo-SecureString 'planted-token' -AsPlainText -Force) -Environment Nowhere"
        $run = Invoke-Task 'b.log' @() $token
        $run.Code | Should -Be 6
        $run.Out + $run.Error + ($run.Log -join "`n") | Should -Not -Match 'planted-token'
        (Invoke-Task 'no/such/folder.log' @()).Code | Should -Be 6
    }

    It 'ends with 6 while another process holds the lock, and says who' {
        $lock = Join-Path $lab 'plan.journal/target-exchange.lock'
        # As the engine locks: the whole file on Unix, a range of it on Windows.
        $unix = $IsLinux -or $IsMacOS
        $stream = [IO.File]::Open($lock, 'OpenOrCreate', 'ReadWrite', $(if ($unix) { 'None' } else { 'ReadWrite' }))
        try {
            if (-not $unix) { $stream.Lock(0, [long]::MaxValue) }
            $run = Invoke-Task 'c.log' '-Surface', 'exchange'
            $run.Code | Should -Be 6
            @($run.Log -match 'PlanLocked').Count | Should -Be 1
        }
        finally { $stream.Dispose() }
    }

    It 'leaves an exit code of PowerShell''s own to PowerShell' {
        (Invoke-Task 'd.log' '-Nonsense', 'x').Code | Should -Be 1
    }
}

Describe 'The example of a task' {
    It 'is XML, and names the script with parameters that it has' {
        $xml = [xml][IO.File]::ReadAllText((Join-Path $PSScriptRoot '../examples/task/coexist-exchange.xml'))
        $known = (Get-Command $task).Parameters.Keys
        $crontab = [IO.File]::ReadAllText((Join-Path $PSScriptRoot '../examples/task/coexist.crontab'))
        foreach ($text in $xml.Task.Actions.Exec.Arguments, $crontab) {
            $text | Should -Match 'Invoke-CoexistTask\.ps1'
            foreach ($match in [regex]::Matches(($text -replace '(?s)^.*?Invoke-CoexistTask\.ps1"'), '(?<=\s)-([A-Z]\w+)')) {
                if ($match.Groups[1].Value -notin 'NoProfile', 'NonInteractive', 'File') { $match.Groups[1].Value | Should -BeIn $known }
            }
        }
        foreach ($file in Get-ChildItem (Join-Path $PSScriptRoot '../examples/task') -Filter *.ps1) {
            $problems = $null
            $null = [Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$problems)
            $problems | Should -BeNullOrEmpty
        }
    }
}
