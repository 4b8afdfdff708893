# Connecting surfaces, and what a connection is used for: the commands of a plan, carried out in the session of the administrator.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    . (Join-Path $PSScriptRoot 'FakeSessions.ps1')
    $source, $target = 'c0270500-0000-4000-8000-00000000c0de', 'fab21ca0-0000-4000-8000-00000000c0de'
    $module = Get-Module Coexist

    # One question of a job, as the engine asks it, answered by the module; what came back as JSON, and what was written beside it.
    function Send-Question([hashtable] $Question, [hashtable] $Memory = @{}) {
        $given = @{ tenant = 'fabrikam.onmicrosoft.com'; tenantId = $target; surface = 'exchange'; parameters = @{}; secrets = @(); writes = $true; properties = $null }
        foreach ($key in $Question.Keys) { $given[$key] = $Question[$key] }
        $said = & $module {
            function Invoke-Probe {
                [CmdletBinding()]
                param($Json, $Memory)
                Invoke-SurfaceCommand $PSCmdlet (ConvertFrom-NativeJson $Json) $Memory
            }
            Invoke-Probe -Json $args[0] -Memory $args[1] -Verbose 4>&1
        } (ConvertTo-Json $given -Depth 9) $Memory
        $script:verbose = @($said | Where-Object { $_ -is [Management.Automation.VerboseRecord] }) -join "`n"
        $script:answer = @($said | Where-Object { $_ -is [string] })
        $answer.Count | Should -Be 1
        $answer[0] | ConvertFrom-Json
    }
}

AfterAll { Disconnect-CoexistTenant }

Describe 'Connect-CoexistTenant' {
    BeforeEach {
        Disconnect-CoexistTenant
        Set-FakeSession
    }
    AfterEach { Remove-FakeSession }

    It '-ExchangePrefix takes the connection with that prefix, and proves whose it is' {
        $null = New-FakeExchange Src $source contoso.onmicrosoft.com, contoso.com
        $null = New-FakeExchange Fab $target fabrikam.onmicrosoft.com, fabrikam.com
        $connection = Connect-CoexistTenant fabrikam.com -ExchangePrefix Fab
        $connection.PSObject.TypeNames[0] | Should -Be 'Coexist.Connection'
        $connection.TenantId, $connection.Surface, $connection.Through, $connection.Account | Should -Be $target, 'exchange', 'session', 'admin@fabrikam.onmicrosoft.com'
        (Connect-CoexistTenant contoso.onmicrosoft.com -ExchangePrefix Src).TenantId | Should -Be $source
        try { Connect-CoexistTenant fabrikam.onmicrosoft.com -TenantId $target -ExchangePrefix Src } catch { $caught = $_ }
        $caught.FullyQualifiedErrorId | Should -Be 'TenantMismatch,Connect-CoexistTenant'
        $caught.Exception.Message | Should -Match "$source.*$target"
        { Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Src } | Should -Throw -ErrorId 'TenantMismatch,Connect-CoexistTenant'
    }

    It '-ExchangePrefix wants exactly one connection' {
        { Connect-CoexistTenant fabrikam.com -ExchangePrefix '' } | Should -Throw -ErrorId 'ExchangeSessionMissing,Connect-CoexistTenant'
        (New-FakeExchange Fab $target fabrikam.com).IsEopSession = $true
        { Connect-CoexistTenant fabrikam.com -ExchangePrefix Fab } | Should -Throw -ErrorId 'ExchangeSessionMissing,Connect-CoexistTenant'
        $null = New-FakeExchange Fab $target fabrikam.com
        { Connect-CoexistTenant fabrikam.com -ExchangePrefix '' } | Should -Throw "*'Fab'*"
        (Connect-CoexistTenant fabrikam.com -ExchangePrefix Fab).TenantId | Should -Be $target
        $null = New-FakeExchange Fab $source contoso.com
        { Connect-CoexistTenant fabrikam.com -ExchangePrefix Fab } | Should -Throw -ErrorId 'ExchangeSessionAmbiguous,Connect-CoexistTenant'
    }

    It '-ExchangePrefix wants the id where the domains cannot be read' {
        $null = New-FakeExchange Fab $target @()
        { Connect-CoexistTenant fabrikam.com -ExchangePrefix Fab } | Should -Throw -ErrorId 'TenantNotVerified,Connect-CoexistTenant'
        (Connect-CoexistTenant fabrikam.com -TenantId $target -ExchangePrefix Fab).TenantId | Should -Be $target
    }

    It '-Teams proves the tenant by Get-CsTenant' {
        { Connect-CoexistTenant fabrikam.com -Teams } | Should -Throw -ErrorId 'TeamsSessionMissing,Connect-CoexistTenant'
        $global:fakeTeams = [pscustomobject]@{ TenantId = [guid]$target; DisplayName = 'Fabrikam'; VerifiedDomains = @([pscustomobject]@{ Name = 'fabrikam.com'; Status = 'Enabled' }) }
        (Connect-CoexistTenant fabrikam.com -Teams).TenantId | Should -Be $target
        { Connect-CoexistTenant contoso.com -Teams } | Should -Throw -ErrorId 'TenantMismatch,Connect-CoexistTenant'
    }

    It '-SharePointUrl wants the id, and proves the address' {
        (Get-Command Connect-CoexistTenant).ParameterSets.Where({ $_.Name -eq 'SharePoint' }).Parameters.Where({ $_.Name -eq 'TenantId' }).IsMandatory | Should -BeTrue
        $arguments = @{ Tenant = 'fabrikam.com'; TenantId = $target; SharePointUrl = 'https://fabrikam-admin.sharepoint.com' }
        { Connect-CoexistTenant @arguments } | Should -Throw -ErrorId 'SharePointSessionMissing,Connect-CoexistTenant'
        $global:fakeHost = 'https://contoso-my.sharepoint.com/'
        { Connect-CoexistTenant @arguments } | Should -Throw -ErrorId 'TenantMismatch,Connect-CoexistTenant'
        $global:fakeHost = 'https://fabrikam-my.sharepoint.com/'
        (Connect-CoexistTenant @arguments).TenantId | Should -Be $target
    }

    It '-ActiveDirectoryServer wants a server that answers' {
        { Connect-CoexistTenant fabrikam.com -ActiveDirectoryServer dc1.contoso.com } | Should -Throw -ErrorId 'DirectoryNotReached,Connect-CoexistTenant'
        $connection = Connect-CoexistTenant fabrikam.com -ActiveDirectoryServer dc1.fabrikam.com
        $connection.Surface, $connection.Environment | Should -Be 'activeDirectory', 'dc1.fabrikam.com'
        $connection.TenantId | Should -BeNullOrEmpty
    }

    It 'adds surfaces, call by call; Disconnect-CoexistTenant forgets them' {
        $null = New-FakeExchange Fab $target fabrikam.com
        $global:fakeTeams = [pscustomobject]@{ TenantId = $target; VerifiedDomains = 'fabrikam.com' }
        $null = Connect-CoexistTenant fabrikam.com -ExchangePrefix Fab
        $null = Connect-CoexistTenant fabrikam.com -Teams
        $known = { & $module { (Get-NativeConnection).surface } }
        & $known | Should -Be 'exchange', 'teams'
        # A forest goes with the tenant of the same name.
        $null = Connect-CoexistTenant fabrikam.com -ActiveDirectoryServer dc1.fabrikam.com
        & $module { (Get-NativeConnection)[0].tenantId } | Should -Be $target
        & $module { (Get-NativeConnection)[0].surface } | Should -Be 'activeDirectory'
        & $module { $TenantConnections.Remove('activeDirectory fabrikam.com') }
        Disconnect-CoexistTenant contoso.com
        & $known | Should -Be 'exchange', 'teams'
        Disconnect-CoexistTenant fabrikam.com
        & $known | Should -BeNullOrEmpty
    }
}

Describe 'A command of a plan' {
    BeforeAll {
        Disconnect-CoexistTenant
        Set-FakeSession
        $fabrikam = New-FakeExchange Fab $target fabrikam.onmicrosoft.com, fabrikam.com {
            function Set-MailUser {
                [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
                param($Identity, $EmailAddresses, [guid] $ExchangeGuid, [switch] $EnableLitigationHoldForMigration, [securestring] $Password, [byte[]] $Data, $CompleteAfter, [bool] $Flag)
                Write-Warning 'The address policy is not applied.'
                Write-Host 'Done!'
                Write-Verbose 'chatter'
                Write-Progress 'Working'
                $WarningPreference = 'Continue'
                if ($PSCmdlet.ShouldProcess($Identity)) {
                    $global:fakeSeen = $PSBoundParameters
                    $global:fakePassword = if ($Password) { [Net.NetworkCredential]::new('', $Password).Password }
                }
            }
            function Get-MailUser {
                [CmdletBinding()]
                param($Identity)
                if ($Identity -eq 'nobody') {
                    Write-Error -Message "The operation couldn't be performed because object 'nobody' couldn't be found on 'x'." -ErrorId 'ManagementObjectNotFoundException' -Category ObjectNotFound
                    return
                }
                if ($Identity -eq 'broken') { throw [InvalidOperationException]::new('outer', [TimeoutException]::new("It took`ntoo long.")) }
                [pscustomobject]@{ Identity = "M$([char]0xFC)ller `"x`""; ExchangeGuid = [guid]$Identity; EmailAddresses = [Collections.ArrayList]@('SMTP:a@b'); Hidden = 1; WhenCreated = [datetime]::new(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc) }
            }
        }
        # The same commands of another tenant, connected later: names without a prefix, and Get-EXO commands, would go there.
        $contoso = New-FakeExchange Src $source contoso.onmicrosoft.com { function Set-MailUser { [CmdletBinding()] param($Identity) $global:fakeWrong = $Identity } }
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -ExchangePrefix Fab
    }
    AfterAll {
        Disconnect-CoexistTenant
        Remove-FakeSession
        Remove-Variable fakeSeen, fakePassword, fakeWrong -Scope Global -ErrorAction Ignore
    }
    BeforeEach { $global:fakeSeen = $global:fakePassword = $global:fakeWrong = $null }

    It 'gets its parameters as the cmdlet takes them' {
        $folder = Join-Path $TestDrive 'export'
        $null = New-Item $folder -ItemType Directory
        [IO.File]::WriteAllBytes((Join-Path $folder 'B1.csv'), [byte[]](1, 2, 250))
        $parameters = @{
            Identity = 'anna'; EmailAddresses = @{ Add = @('X500:/o=x'); Remove = 'smtp:a@b' }; ExchangeGuid = '35fd9c29-4120-4f5b-b12f-eb0eeeb98bf9'
            EnableLitigationHoldForMigration = $true; CompleteAfter = '2027-01-12T01:00:00Z'; Data = @{ file = 'B1.csv' }; Flag = $false
        }
        (Send-Question @{ name = 'Set-MailUser'; parameters = $parameters } @{ ExportPath = $folder }).objects | Should -BeNullOrEmpty
        $fakeSeen.Identity, $fakeSeen.CompleteAfter | Should -Be 'anna', '2027-01-12T01:00:00Z'
        $fakeSeen.CompleteAfter | Should -BeOfType [string]
        $fakeSeen.EmailAddresses | Should -BeOfType [hashtable]
        , $fakeSeen.EmailAddresses.Add | Should -BeOfType [string[]]
        $fakeSeen.EmailAddresses.Remove | Should -Be 'smtp:a@b'
        $fakeSeen.EnableLitigationHoldForMigration.IsPresent | Should -BeTrue
        $fakeSeen.Data | Should -Be 1, 2, 250
        $null = Send-Question @{ name = 'Set-MailUser'; parameters = @{ Data = @{ bytes = 'AQI=' } } }
        $fakeSeen.Data | Should -Be 1, 2
    }

    It 'reads no file outside of the export folder' {
        foreach ($name in '../secret.txt', '/etc/passwd', 'C:\x', '..') {
            (Send-Question @{ name = 'Set-MailUser'; parameters = @{ Data = @{ file = $name } } } @{ ExportPath = "$TestDrive" }).refused.exception | Should -Be 'System.ArgumentException'
        }
        (Send-Question @{ name = 'Set-MailUser'; parameters = @{ Data = @{ file = 'none.csv' } } } @{ ExportPath = "$TestDrive" }).refused.message | Should -Match 'none\.csv'
        $fakeSeen | Should -BeNullOrEmpty
    }

    It 'is not asked about, whatever the session prefers, and what it prints is no part of the answer' {
        $before = $global:WhatIfPreference, $global:ConfirmPreference
        try {
            $global:WhatIfPreference, $global:ConfirmPreference = $true, 'Low'
            $null = Send-Question @{ name = 'Set-MailUser'; parameters = @{ Identity = 'anna' } }
        }
        finally { $global:WhatIfPreference, $global:ConfirmPreference = $before }
        $fakeSeen.Identity | Should -Be 'anna'
        $answer[0] | Should -BeExactly '{"objects":[]}'
        $verbose | Should -Match 'address policy'
        $verbose | Should -Not -Match 'chatter|Done!'
    }

    It 'of Exchange is that of this very connection' {
        $null = Send-Question @{ name = 'Set-MailUser'; parameters = @{ Identity = 'anna' } }
        $fakeWrong | Should -BeNullOrEmpty
        # A stray command of the right name, such as one from an earlier connection of another tenant.
        function global:Set-FabUser { $global:fakeWrong = 'stray' }
        try { (Send-Question @{ name = 'Set-User' }).refused.id | Should -Be 'CommandNotAvailable' }
        finally { Remove-Item function:Set-FabUser }
        $fakeWrong | Should -BeNullOrEmpty
    }

    It 'answers with objects as a snapshot writes them, and no property that was not asked for' {
        $guid = '35fd9c29-4120-4f5b-b12f-eb0eeeb98bf9'
        $found = (Send-Question @{ name = 'Get-MailUser'; parameters = @{ Identity = $guid }; writes = $false; properties = @('Identity', 'ExchangeGuid', 'EmailAddresses', 'WhenCreated', 'NotThere') }).objects
        $answer[0] | Should -Match 'Identity'
        $found.Identity | Should -BeExactly "M$([char]0xFC)ller `"x`""
        $found.ExchangeGuid | Should -Be $guid
        $found.EmailAddresses | Should -Be 'SMTP:a@b'
        $found.PSObject.Properties.Name | Should -Not -Contain 'Hidden'
        $found.PSObject.Properties.Name | Should -Not -Contain 'NotThere'
        $answer[0] | Should -Match '"WhenCreated":"2026-01-02T03:04:05\.0000000Z"'
    }

    It 'that is refused says so with id, innermost message, category and exception' {
        $errors = @($Error)
        $refused = (Send-Question @{ name = 'Get-MailUser'; parameters = @{ Identity = 'nobody' }; writes = $false }).refused
        @($Error).Count | Should -Be $errors.Count
        $refused.id, $refused.category | Should -Be 'ManagementObjectNotFoundException,Get-FabMailUser', 'ObjectNotFound'
        $refused.message | Should -Match "couldn't be found"
        $refused = (Send-Question @{ name = 'Get-MailUser'; parameters = @{ Identity = 'broken' }; writes = $false }).refused
        $refused.message, $refused.exception | Should -Be "It took`ntoo long.", 'System.TimeoutException'
        (Send-Question @{ name = 'Set-MailUser'; parameters = @{ Nonsense = 1 } }).refused.id | Should -Match '^NamedParameterNotFound'
    }

    It 'gets a password that nobody knows: four classes, another one each time, in no answer and disposed of' {
        $seen = foreach ($i in 1..20) {
            $null = Send-Question @{ name = 'Set-MailUser'; secrets = @(@{ parameter = 'Password'; kind = 'generatedPassword' }) }
            $answer[0] + $verbose | Should -Not -Match ([regex]::Escape($fakePassword))
            { $fakeSeen.Password.Copy() } | Should -Throw '*disposed*'
            $fakePassword
        }
        @($seen | Select-Object -Unique).Count | Should -Be 20
        foreach ($password in $seen) {
            $password.Length | Should -BeGreaterOrEqual 24
            foreach ($class in '[A-Z]', '[a-z]', '[0-9]', '[^A-Za-z0-9]') { $password | Should -MatchExactly $class }
        }
        (Send-Question @{ name = 'Set-MailUser'; secrets = @(@{ parameter = 'Password'; kind = 'ofTheFuture' }) }).refused.message | Should -Match 'ofTheFuture'
    }

    It 'is not carried out in the session of another tenant, nor in one that is gone' {
        (Send-Question @{ name = 'Set-MailUser'; surface = 'teams' }).unreachable | Should -Match 'teams'
        (Send-Question @{ name = 'Set-MailUser'; tenant = 'x'; tenantId = [string][guid]::NewGuid() }).unreachable | Should -Match 'no connection'
        $fabrikam.TenantID = $source
        $refused = (Send-Question @{ name = 'Set-MailUser' }).refused
        $refused.id | Should -Be 'TenantMismatch'
        $refused.message | Should -Match "$source.*$target"
        $fabrikam.TenantID = $target
        $fabrikam.State = 'Broken'
        (Send-Question @{ name = 'Set-MailUser' }).unreachable | Should -Match 'Connect-ExchangeOnline -Prefix Fab'
        $fabrikam.State = 'Connected'
        $fakeSeen | Should -BeNullOrEmpty
        $fakeWrong | Should -BeNullOrEmpty
        # On the next try all is well.
        (Send-Question @{ name = 'Set-MailUser' }).PSObject.Properties.Name | Should -Be 'objects'
    }

    It 'of Teams is preceded by one look at the tenant in a job, of AD goes to the one server' {
        $global:fakeTeams = [pscustomobject]@{ TenantId = $target; VerifiedDomains = 'fabrikam.onmicrosoft.com' }
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -Teams
        $null = Connect-CoexistTenant fabrikam.onmicrosoft.com -TenantId $target -ActiveDirectoryServer dc1.fabrikam.com
        $global:fakeSeen = [Collections.Generic.List[object]]::new()
        function global:Get-CsTenant { $global:fakeSeen.Add('asked'); $global:fakeTeams }
        function global:Set-CsTenantFederationConfiguration { param([switch] $AllowFederatedUsers, [switch] $Confirm) $global:fakeSeen.Add("set $AllowFederatedUsers confirm $Confirm") }
        function global:Set-ADUser { [CmdletBinding(SupportsShouldProcess)] param($Identity, $Replace, [string] $Server) $global:fakeSeen.Add("$Identity on $Server") }
        try {
            $memory = @{}
            foreach ($i in 1, 2) { $null = Send-Question @{ surface = 'teams'; name = 'Set-CsTenantFederationConfiguration'; parameters = @{ AllowFederatedUsers = $true } } $memory }
            $null = Send-Question @{ surface = 'activeDirectory'; name = 'Set-ADUser'; parameters = @{ Identity = 'anna'; Replace = @{ a = 'x' } } } $memory
            $fakeSeen | Should -Be 'asked', 'set True confirm False', 'set True confirm False', 'anna on dc1.fabrikam.com'
            $global:fakeTeams.TenantId = $source
            $refused = (Send-Question @{ surface = 'teams'; name = 'Set-CsTenantFederationConfiguration' } @{}).refused
            $refused.id | Should -Be 'TenantMismatch'
        }
        finally { Remove-Item function:Set-CsTenantFederationConfiguration, function:Set-ADUser }
    }
}

Describe 'A Graph request of a plan' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'FakeGraph.ps1')
        Disconnect-CoexistTenant
        $global:fakeGraph = New-FakeGraph
        $global:fakeContext = [pscustomobject]@{ TenantId = $fakeGraph.TenantId; Account = 'admin@contoso.com'; Environment = 'Global' }
        function global:Get-MgContext { $global:fakeContext }
        function global:Invoke-MgGraphRequest {
            [CmdletBinding()]
            param([string] $Method, [uri] $Uri, [object] $Body, [Collections.IDictionary] $Headers, [string] $ContentType, [string] $OutputType, [switch] $SkipHttpErrorCheck)
            New-FakeMessage (Get-FakeAnswer $global:fakeGraph $Method $Uri.OriginalString $Body)
        }
        $null = Connect-CoexistTenant contoso.onmicrosoft.com -GraphSession
    }
    AfterAll {
        Remove-Item function:Get-MgContext, function:Invoke-MgGraphRequest
        Remove-Variable fakeGraph, fakeContext -Scope Global
        Disconnect-CoexistTenant
    }

    It 'is not made in the session of another tenant' {
        $ask = {
            & $module { Invoke-PlanRequest (ConvertFrom-NativeJson $args[0]) } '{"tenant":"contoso.onmicrosoft.com","method":"GET","uri":"https://graph.microsoft.com/v1.0/subscribedSkus","headers":{},"body":null}' | ConvertFrom-Json
        }
        (& $ask).status | Should -Be 200
        $asked = $fakeGraph.Asked.Count
        $fakeContext.TenantId = $target
        $answer = & $ask
        $answer.status | Should -Be 403
        ($answer.body | ConvertFrom-Json).error.code | Should -Be 'TenantMismatch'
        $fakeGraph.Asked.Count | Should -Be $asked
    }
}
