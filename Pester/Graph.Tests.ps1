BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    . (Join-Path $PSScriptRoot 'FakeGraph.ps1')
    $kinds = 'users', 'guests', 'groups', 'members', 'orgContacts', 'licences', 'policy'
    $tenant = 'contoso.onmicrosoft.com'
    $token = 'eyJ0eXAi.cGxhbnRlZA-secret.c2lnbmF0dXJl'

    # What Microsoft.Graph.Authentication would bring. The module looks for it in the session, not in this file.
    $global:fakeGraph = New-FakeGraph
    $global:fakeContext = [pscustomobject]@{ TenantId = $fakeGraph.TenantId; Account = 'admin@contoso.com'; AppName = 'PowerShell'; Environment = 'Global' }
    $global:fakeRetries = [Collections.Generic.List[int]]::new()
    function global:Get-MgContext { $global:fakeContext }
    function global:Get-MgRequestContext { [pscustomobject]@{ MaxRetry = 3 } }
    function global:Set-MgRequestContext {
        [CmdletBinding(SupportsShouldProcess)]
        param([int] $MaxRetry)
        if ($PSCmdlet.ShouldProcess('x')) { $global:fakeRetries.Add($MaxRetry) }
    }
    function global:Invoke-MgGraphRequest {
        [CmdletBinding()]
        param([string] $Method, [uri] $Uri, [object] $Body, [Collections.IDictionary] $Headers, [string] $ContentType, [string] $OutputType, [switch] $SkipHttpErrorCheck)
        if ($OutputType -ne 'HttpResponseMessage' -or -not $SkipHttpErrorCheck) { throw 'Not asked for text.' }
        if ($Body -and $ContentType -ne 'application/json') { throw 'No content type.' }
        if ($global:fakeGraph.Throw) { throw $global:fakeGraph.Throw }
        if ($global:fakeGraph.ThrowAt -and $Uri.OriginalString -match $global:fakeGraph.ThrowAt) { throw 'Authentication needed. Please call Connect-MgGraph.' }
        New-FakeMessage (Get-FakeAnswer $global:fakeGraph $Method ([Uri]::UnescapeDataString($Uri.OriginalString)) $Body)
    }

    function Confirm-Snapshot([string] $Path, $Graph) {
        $read = Get-CoexistSnapshot $Path
        $read.Name | Should -Be $tenant
        $read.TenantId | Should -Be $Graph.TenantId
        $counts = @{}
        foreach ($kind in $read.Kinds) { $counts[$kind.Kind] = $kind.Objects }
        $counts.users, $counts.guests, $counts.groups, $counts.members, $counts.orgContacts, $counts.licences, $counts.policy |
            Should -Be $Graph.Users, $Graph.Users, $Graph.Groups, (3 * $Graph.Groups), 0, 1, 3
        @(Get-ChildItem $Path -Force | Where-Object Name -Like '.*') | Should -BeNullOrEmpty
    }

    function Get-Files([string] $Path) { Get-ChildItem $Path -Recurse -Force -File | ForEach-Object { [IO.File]::ReadAllText($_.FullName) } }
}

AfterAll {
    Remove-Item function:Get-MgContext, function:Get-MgRequestContext, function:Set-MgRequestContext, function:Invoke-MgGraphRequest
    Remove-Variable fakeGraph, fakeContext, fakeRetries -Scope Global -ErrorAction Ignore
    Disconnect-CoexistTenant
}

Describe 'Connect-CoexistTenant -GraphSession' {
    BeforeEach {
        Disconnect-CoexistTenant
        $fakeGraph.Throw = $fakeGraph.Refuse = $null
        $fakeContext.TenantId = $fakeGraph.TenantId
    }

    It 'proves the tenant and says who it is' {
        $connection = Connect-CoexistTenant $tenant -GraphSession
        $connection.PSObject.TypeNames[0] | Should -Be 'Coexist.Connection'
        $connection.TenantId | Should -Be $fakeGraph.TenantId
        $connection.Surface, $connection.Through, $connection.Account | Should -Be 'graph', 'session', 'admin@contoso.com'
    }

    It 'refuses a session of another tenant, and names both' {
        { Connect-CoexistTenant fabrikam.onmicrosoft.com -GraphSession -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'TenantMismatch,Connect-CoexistTenant'
        { Connect-CoexistTenant $tenant -TenantId ([guid]::NewGuid()) -GraphSession } | Should -Throw -ErrorId 'TenantMismatch,Connect-CoexistTenant'
        try { Connect-CoexistTenant fabrikam.onmicrosoft.com -GraphSession } catch { $said = $_.Exception.Message }
        $said | Should -Match 'contoso\.onmicrosoft\.com \(11111111-.*fabrikam\.onmicrosoft\.com'
        { Export-CoexistSnapshot -Tenant fabrikam.onmicrosoft.com -Path (Join-Path $TestDrive none) -Kind users } | Should -Throw -ErrorId 'TenantNotConnected,Export-CoexistSnapshot'
    }

    It 'says what is missing where nobody is signed in' {
        $context = $global:fakeContext
        $global:fakeContext = $null
        try { { Connect-CoexistTenant $tenant -GraphSession } | Should -Throw -ErrorId 'GraphSessionMissing,Connect-CoexistTenant' }
        finally { $global:fakeContext = $context }
        $fakeGraph.Throw = 'Authentication needed. Please call Connect-MgGraph.'
        { Connect-CoexistTenant $tenant -GraphSession } | Should -Throw -ErrorId 'TokenExpired,Connect-CoexistTenant'
    }

    It 'wants the id where the tenant may not be asked' {
        $fakeGraph.Refuse = @{ status = 403; body = '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}' }
        { Connect-CoexistTenant $tenant -GraphSession } | Should -Throw -ErrorId 'TenantNotVerified,Connect-CoexistTenant'
        (Connect-CoexistTenant $tenant -TenantId $fakeGraph.TenantId -GraphSession).TenantId | Should -Be $fakeGraph.TenantId
    }
}

Describe 'Export-CoexistSnapshot through the session' {
    BeforeEach {
        Disconnect-CoexistTenant
        $fakeGraph.Throw = $fakeGraph.Refuse = $null
        $fakeContext.TenantId = $fakeGraph.TenantId
        $null = Connect-CoexistTenant $tenant -GraphSession
        $fakeGraph.Asked.Clear()
        $fakeRetries.Clear()
    }

    It 'reads every kind, one request at a time, and repeats alone what was refused in a batch' {
        $fakeGraph.ThrottleOnce['/groups/c0e81570-0000-0000-0001-000000000007/members?$select=id&$top=999'] = $true
        $path = Join-Path $TestDrive session
        $written = Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind $kinds
        $written.Kind | Should -Be ($kinds | Sort-Object)
        Confirm-Snapshot $path $fakeGraph
        # Dates are as Graph wrote them.
        (Get-CoexistSnapshot $path users)[0].createdDateTime | Should -BeExactly '2024-02-29T23:59:59.1234567Z'
        (Get-CoexistSnapshot $path groups)[0].RecipientTypeDetails | Should -Be 'GroupMailbox'
        @($fakeGraph.Asked | Where-Object { $_ -match '/groups/.*000000000007/members' }).Count | Should -Be 1
        @($fakeGraph.Asked | Where-Object { $_ -match 'POST' }).Count | Should -Be 4
        foreach ($asked in $fakeGraph.Asked) { $asked | Should -Match '\$select=|\$count|\$batch' }
        # The module's own retries are off meanwhile, and back afterwards.
        $fakeRetries | Should -Be 0, 3
    }

    It 'asks for further properties by Graph''s own name' {
        $path = Join-Path $TestDrive property
        $null = Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users -Property DEPARTMENT
        $fakeGraph.Asked -match '\$top' -match ',department&' | Should -Not -BeNullOrEmpty
        { Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users -Property favouriteColour } | Should -Throw -ErrorId 'NotReadThroughGraph,Export-CoexistSnapshot'
        { Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind mailboxes } | Should -Throw -ErrorId 'NotReadThroughGraph,Export-CoexistSnapshot'
        { Export-CoexistSnapshot -Tenant $tenant -Path $path } | Should -Throw -ErrorId 'NothingToExport,Export-CoexistSnapshot'
        { [pscustomobject]@{ x = 1 } | Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users, groups } | Should -Throw -ErrorId 'KindAmbiguous,Export-CoexistSnapshot'
    }

    It 'goes on where it was interrupted' {
        $path = Join-Path $TestDrive resumed
        $fakeGraph.ThrowAt = 'skiptoken=1998'
        try { { Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users } | Should -Throw -ErrorId 'TokenExpired,Export-CoexistSnapshot' }
        finally { $fakeGraph.ThrowAt = $null }
        Get-ChildItem $path -Filter *.jsonl | Should -BeNullOrEmpty
        $fakeRetries | Should -Be 0, 3
        $fakeGraph.Asked.Clear()
        $written = Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users -Verbose 4>&1
        @($written | Where-Object { $_ -is [Management.Automation.VerboseRecord] }) -match 'went on where it stopped' | Should -Not -BeNullOrEmpty
        ($written | Where-Object { $_.Kind }).Objects | Should -Be $fakeGraph.Users
        @($fakeGraph.Asked -match '/users\?').Count | Should -Be 1
    }

    It 'reads again only what changed, and says where it reads everything' {
        $path = Join-Path $TestDrive delta
        $id = { 'c0e81570-0000-0000-0000-{0:d12}' -f $args[0] }
        $both = @{ Tenant = $tenant; Path = $path; Kind = 'users', 'groups' }
        $null = Export-CoexistSnapshot @both
        $fakeGraph.Asked.Clear()
        $fakeGraph.Changes['/users'] = ('{"id":"' + (& $id 3) + '","@removed":{"reason":"changed"}}'), ('{"id":"' + (& $id 5) + '","displayName":"Renamed","userType":null}'),
        ('{"id":"' + (& $id 9000) + '","userPrincipalName":"new@contoso.com"}')
        $groups, $users = Export-CoexistSnapshot @both
        $users.Objects, $users.Added, $users.Replaced, $users.Removed | Should -Be $fakeGraph.Users, 1, 1, 1
        $groups.Objects, $groups.Replaced, $groups.Removed | Should -Be $fakeGraph.Groups, 0, 0
        foreach ($asked in $fakeGraph.Asked) { $asked | Should -Match 'GET .*/(users|groups)/delta\(\)\?\$deltatoken=1$' }
        $read = @{}
        foreach ($user in Get-CoexistSnapshot $path users) { $read[$user.id] = $user }
        $read.ContainsKey((& $id 3)) | Should -BeFalse
        $read[(& $id 5)].displayName, $read[(& $id 5)].userPrincipalName, $read[(& $id 5)].userType | Should -Be 'Renamed', 'user5@contoso.com', $null
        # What Graph leaves out of a new object was never set, which is empty and not unknown.
        $read[(& $id 9000)].PSObject.Properties.Name | Should -Contain 'usageLocation'

        $fakeGraph.Changes.Clear()
        $fakeGraph.Expired = $true
        try { $users = Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users -WarningVariable warned -WarningAction SilentlyContinue }
        finally { $fakeGraph.Expired = $false }
        $users.Objects | Should -Be $fakeGraph.Users
        "$warned" | Should -Match 'no longer tells what changed of users'
        Add-Content (Join-Path $path groups.jsonl) ''
        $said = Export-CoexistSnapshot @both -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        "$said" | Should -Match 'groups were changed since'
        $fakeGraph.Asked.Clear()
        $null = Export-CoexistSnapshot @both -Replace
        @($fakeGraph.Asked -match '/(users|groups)\?').Count | Should -Be 4
    }

    It 'stops when the session has gone over to another tenant' {
        $fakeContext.TenantId = [string][guid]::NewGuid()
        { Export-CoexistSnapshot -Tenant $tenant -Path (Join-Path $TestDrive other) -Kind users } | Should -Throw -ErrorId 'TenantMismatch,Export-CoexistSnapshot'
        $fakeGraph.Asked.Count | Should -Be 0
    }

    It 'names the request id where Graph refuses' {
        $fakeGraph.Refuse = @{ status = 403; body = '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}' }
        try { Export-CoexistSnapshot -Tenant $tenant -Path (Join-Path $TestDrive refused) -Kind groups } catch { $caught = $_ }
        $caught.FullyQualifiedErrorId | Should -Be 'PermissionDenied,Export-CoexistSnapshot'
        $caught.CategoryInfo.Category | Should -Be 'PermissionDenied'
        $caught.Exception.Message | Should -Match 'request-id aaaaaaaa-1111-2222-3333-444444444444'
    }

    It 'does nothing with -WhatIf' {
        $path = Join-Path $TestDrive whatif
        Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind users -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
        $fakeGraph.Asked.Count | Should -Be 0
    }

    It 'does not replace what was piped from cmdlets that tell more, unless told to' {
        $path = Join-Path $TestDrive source
        [pscustomobject]@{ RecipientTypeDetails = 'MailUniversalDistributionGroup'; ExternalDirectoryObjectId = 'x'; LegacyExchangeDN = '/o=a/cn=b' } | Export-CoexistSnapshot -Tenant $tenant -Path $path | Out-Null
        { Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind groups } | Should -Throw -ErrorId 'KindOfAnotherSource,Export-CoexistSnapshot'
        (Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind groups -Replace).Objects | Should -Be $fakeGraph.Groups
    }
}

Describe 'Ctrl+C' {
    It 'ends a reading through the session within half a second, leaves the snapshot alone, and puts the retries back' {
        $path = Join-Path $TestDrive stopped
        $shell = [powershell]::Create()
        # A tenant that never comes to an end.
        $null = $shell.AddScript({
                param($manifest, $fake, $path)
                Import-Module $manifest
                . $fake
                $global:graph = New-FakeGraph -Users 100000000
                $global:retries = [Collections.Generic.List[int]]::new()
                function global:Get-MgContext { [pscustomobject]@{ TenantId = $global:graph.TenantId; Account = 'a'; Environment = 'Global' } }
                function global:Get-MgRequestContext { [pscustomobject]@{ MaxRetry = 3 } }
                function global:Set-MgRequestContext { [CmdletBinding(SupportsShouldProcess)] param([int] $MaxRetry) if ($PSCmdlet.ShouldProcess('x')) { $global:retries.Add($MaxRetry) } }
                function global:Invoke-MgGraphRequest {
                    [CmdletBinding()]
                    param([string] $Method, [uri] $Uri, [object] $Body, [Collections.IDictionary] $Headers, [string] $ContentType, [string] $OutputType, [switch] $SkipHttpErrorCheck)
                    New-FakeMessage (Get-FakeAnswer $global:graph $Method ([Uri]::UnescapeDataString($Uri.OriginalString)) $Body)
                }
                $null = Connect-CoexistTenant contoso.onmicrosoft.com -GraphSession
                Export-CoexistSnapshot -Tenant contoso.onmicrosoft.com -Path $path -Kind users
            }).AddArgument((Get-BuiltManifest)).AddArgument((Join-Path $PSScriptRoot 'FakeGraph.ps1')).AddArgument($path)
        $running = $shell.BeginInvoke()
        $watch = [Diagnostics.Stopwatch]::StartNew()
        while ($shell.Streams.Progress.Count -eq 0 -and $watch.Elapsed.TotalSeconds -lt 60) { Start-Sleep -Milliseconds 50 }
        $running.IsCompleted | Should -BeFalse
        $shell.Streams.Progress[0].Activity | Should -Be 'Reading contoso.onmicrosoft.com'
        $watch.Restart()
        $shell.Stop()
        # The stand-in itself takes a moment for a page.
        $watch.Elapsed.TotalMilliseconds | Should -BeLessThan 1500
        Get-ChildItem $path -Filter *.jsonl | Should -BeNullOrEmpty
        @(Get-ChildItem $path -Force).Name | Should -Match '^\.coexist-spool-'
        $shell.Commands.Clear()
        $shell.AddScript('$global:retries').Invoke() | Should -Be 0, 3
        $shell.Dispose()
    }
}

Describe 'With an access token, by the native engine' {
    BeforeAll {
        Disconnect-CoexistTenant
        $served = New-FakeGraph -Users 1500 -Groups 30
        Start-FakeGraph $served (Join-Path $PSScriptRoot 'FakeGraph.ps1')
        $secure = ConvertTo-SecureString $token -AsPlainText -Force
        $connection = Connect-CoexistTenant $tenant -AccessToken $secure -Environment $served.Root
    }

    AfterAll { Stop-FakeGraph $served }

    It 'connects to the tenant of the token' {
        $connection.TenantId | Should -Be $served.TenantId
        $connection.Through | Should -Be 'token'
        $served.Tokens | Sort-Object -Unique | Should -Be "Bearer $token"
        { Connect-CoexistTenant fabrikam.onmicrosoft.com -AccessToken $secure -Environment $served.Root } | Should -Throw -ErrorId 'TenantMismatch,Connect-CoexistTenant'
    }

    It 'reads every kind, and the token is in no file and no object' {
        $path = Join-Path $TestDrive native
        $written = Export-CoexistSnapshot -Tenant $tenant -Path $path -Kind $kinds -Verbose 4>&1
        Confirm-Snapshot $path $served
        Get-Files $path | Should -Not -Match 'cGxhbnRlZA'
        $written, $connection | ConvertTo-Json -Depth 3 -WarningAction SilentlyContinue | Should -Not -Match 'cGxhbnRlZA'
    }

    It 'says that the token has expired, once, and without saying the token' {
        $served.Asked.Clear()
        $served.Refuse = @{ status = 401; body = '{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed for TOKEN"}}' }
        try { Export-CoexistSnapshot -Tenant $tenant -Path (Join-Path $TestDrive expired) -Kind licences } catch { $caught = $_ }
        finally { $served.Refuse = $null }
        $caught.FullyQualifiedErrorId | Should -Be 'TokenExpired,Export-CoexistSnapshot'
        $served.Asked.Count | Should -Be 1
        ($caught | Format-List * -Force | Out-String) + ($caught.Exception.Data.Values | Out-String) | Should -Not -Match 'cGxhbnRlZA'
        Get-Files (Join-Path $TestDrive expired) | Should -Not -Match 'cGxhbnRlZA'
    }

    It 'refuses what no token is, and clouds that there are not' {
        { Connect-CoexistTenant $tenant -AccessToken (ConvertTo-SecureString "Bearer $token" -AsPlainText -Force) -Environment $served.Root } | Should -Throw -ErrorId 'TokenNotRecognized,Connect-CoexistTenant'
        { Connect-CoexistTenant $tenant -AccessToken $secure -Environment https://example.com } | Should -Throw -ErrorId 'EnvironmentUnknown,Connect-CoexistTenant'
    }

    It 'signs in as an application with a secret' {
        $served.Tokens.Clear()
        $connection = Connect-CoexistTenant $tenant -ClientId app -ClientSecret (ConvertTo-SecureString hunter2 -AsPlainText -Force) -Environment $served.Root
        $connection.Through, $connection.Account | Should -Be 'clientSecret', 'app'
        $served.Tokens | Should -Contain 'Bearer granted'
        (Export-CoexistSnapshot -Tenant $tenant -Path (Join-Path $TestDrive secret) -Kind licences).Objects | Should -Be 1
        try { Connect-CoexistTenant $tenant -ClientId app -ClientSecret (ConvertTo-SecureString wrong-one -AsPlainText -Force) -Environment $served.Root } catch { $caught = $_ }
        $caught.FullyQualifiedErrorId | Should -Be 'SignInRefused,Connect-CoexistTenant'
        $caught.Exception.Data['causes'] | Should -Match 'AADSTS7000215'
        ($caught | Format-List * -Force | Out-String) | Should -Not -Match 'wrong-one'
    }

    It 'signs in as an application with a certificate, whose key stays in .NET' {
        $rsa = [Security.Cryptography.RSA]::Create(2048)
        $request = [Security.Cryptography.X509Certificates.CertificateRequest]::new('CN=coexist', $rsa, [Security.Cryptography.HashAlgorithmName]::SHA256, [Security.Cryptography.RSASignaturePadding]::Pkcs1)
        $certificate = $request.CreateSelfSigned([DateTimeOffset]::UtcNow.AddDays(-1), [DateTimeOffset]::UtcNow.AddDays(1))
        $served.Forms.Clear()
        (Connect-CoexistTenant $tenant -ClientId app -Certificate $certificate -Environment $served.Root).Through | Should -Be 'certificate'
        $null = [string]$served.Forms[0] -match 'client_assertion=([^&]+)'
        $parts = $Matches[1].Split('.')
        $decode = { param($Text) [Convert]::FromBase64String($Text.Replace('-', '+').Replace('_', '/') + '=' * ((4 - $Text.Length % 4) % 4)) }
        $claims = [Text.Encoding]::UTF8.GetString((& $decode $parts[1])) | ConvertFrom-Json
        $claims.iss, $claims.sub | Should -Be 'app', 'app'
        $claims.aud | Should -Be "$($served.Root)/$tenant/oauth2/v2.0/token"
        $signed = [Text.Encoding]::UTF8.GetBytes($parts[0] + '.' + $parts[1])
        $rsa.VerifyData($signed, (& $decode $parts[2]), [Security.Cryptography.HashAlgorithmName]::SHA256, [Security.Cryptography.RSASignaturePadding]::Pkcs1) | Should -BeTrue
        (Export-CoexistSnapshot -Tenant $tenant -Path (Join-Path $TestDrive certificate) -Kind licences).Objects | Should -Be 1
    }

    It 'is forgotten when disconnected' {
        Disconnect-CoexistTenant $tenant
        { Export-CoexistSnapshot -Tenant $tenant -Path (Join-Path $TestDrive gone) -Kind users } | Should -Throw -ErrorId 'TenantNotConnected,Export-CoexistSnapshot'
    }
}
