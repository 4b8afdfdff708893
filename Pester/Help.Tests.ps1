BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'Common.ps1')
    $commands = (Get-Module Coexist).ExportedFunctions.Values | ForEach-Object { @{ Name = $_.Name } }
    $examples = foreach ($command in $commands) {
        $index = 0
        # The built module has its help in a file of its own.
        $tree = [Management.Automation.Language.Parser]::ParseFile((Join-Path $PSScriptRoot "../module/Public/$($command.Name).ps1"), [ref]$null, [ref]$null)
        foreach ($example in $tree.EndBlock.Statements[0].GetHelpContent().Examples) {
            $index++
            # The code is everything up to the first empty line; the rest is prose.
            $code = ($example.Trim() -split '\r?\n[ \t]*\r?\n')[0]
            @{ Name = $command.Name; Number = $index; Code = $code }
        }
    }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Common.ps1')

    # What an administrator's session has, and this one has not. What the module calls itself it finds in the global scope alone.
    . (Join-Path $PSScriptRoot 'FakeGraph.ps1')
    $global:fakeGraph = New-FakeGraph -Users 20 -Groups 3
    function global:Get-MgContext { [pscustomobject]@{ TenantId = $global:fakeGraph.TenantId; Account = 'admin@contoso.com'; Environment = 'Global' } }
    function global:Invoke-MgGraphRequest {
        [CmdletBinding()]
        param([string] $Method, [uri] $Uri, [object] $Body, [Collections.IDictionary] $Headers, [string] $ContentType, [string] $OutputType, [switch] $SkipHttpErrorCheck)
        New-FakeMessage (Get-FakeAnswer $global:fakeGraph $Method ([Uri]::UnescapeDataString($Uri.OriginalString)) $Body)
    }
    . (Join-Path $PSScriptRoot 'FakeSessions.ps1')
    Set-FakeSession
    $null = New-FakeExchange Fabrikam fab21ca0-0000-4000-8000-00000000c0de fabrikam.onmicrosoft.com
    function Get-Mailbox {
        param($ResultSize)
        [pscustomobject]@{
            DisplayName = "Anna M$([char]0xFC)ller"; PrimarySmtpAddress = 'anna@contoso.com'; RecipientTypeDetails = 'UserMailbox'
            EmailAddresses = 'SMTP:anna@contoso.com', 'smtp:anna@contoso.onmicrosoft.com'; ExchangeGuid = [guid]::NewGuid()
            ExternalDirectoryObjectId = [string][guid]::NewGuid(); LegacyExchangeDN = '/o=ExchangeLabs/ou=x/cn=Recipients/cn=anna'
            UserPrincipalName = 'anna@contoso.com'; WhenCreated = [datetime]::UtcNow
        }
    }
    function Get-MailUser {
        param($ResultSize)
        [pscustomobject]@{
            DisplayName = 'Ben'; PrimarySmtpAddress = 'ben@contoso.com'; RecipientTypeDetails = 'MailUser'; EmailAddresses = @('SMTP:ben@contoso.com')
            ExternalDirectoryObjectId = [string][guid]::NewGuid(); ExternalEmailAddress = 'SMTP:ben@fabrikam.com'; UserPrincipalName = 'ben@contoso.com'
        }
    }
    function Get-MailboxPermission {
        param([Parameter(ValueFromPipeline)] $Identity)
        process {
            [pscustomobject]@{
                Identity = $Identity.ExternalDirectoryObjectId; User = 'ben@contoso.com'; AccessRights = [Collections.ArrayList]@('FullAccess')
                IsInherited = $false; Deny = $false; InheritanceType = 'All'
            }
        }
    }
    function Get-MailboxFolderStatistics {
        param($Identity, $FolderScope)
        [pscustomobject]@{ Name = 'Kalender'; FolderType = 'Calendar' }
        [pscustomobject]@{ Name = 'Geburtstage'; FolderType = 'User Created' }
    }
    function Get-MailboxFolderPermission {
        param($Identity)
        if ($Identity -ne 'anna@contoso.com:\Kalender') { throw "there is no folder $Identity" }
        [pscustomobject]@{
            FolderName = 'Kalender'; User = 'Ben'; AccessRights = [Collections.ArrayList]@('Editor'); SharingPermissionFlags = 'Delegate'
            Identity = 'Ben'; IsValid = $true
        }
    }
    function Get-DistributionGroup {
        param($ResultSize)
        [pscustomobject]@{ Name = 'sales'; PrimarySmtpAddress = 'sales@contoso.com'; RecipientTypeDetails = 'MailUniversalDistributionGroup' }
    }
    function Get-DistributionGroupMember {
        param($Identity, $ResultSize)
        Get-Mailbox
    }
}

AfterAll {
    Disconnect-CoexistTenant
    Remove-Item function:Get-MgContext, function:Invoke-MgGraphRequest
    Remove-FakeSession
    Remove-Variable fakeGraph -Scope Global
}

Describe 'Help of <Name>' -ForEach $commands {
    BeforeAll {
        $help = Get-Help $Name -Full
        $common = [Management.Automation.Cmdlet]::CommonParameters + [Management.Automation.Cmdlet]::OptionalCommonParameters
        $parameters = (Get-Command $Name).Parameters.Keys | Where-Object { $_ -notin $common }
    }

    It 'says in one sentence what the command does' {
        $help.Synopsis.Trim() | Should -Match '^[A-Z].*\.$'
        $help.Synopsis | Should -Not -Match ([regex]::Escape("$Name ["))
    }

    It 'describes it, what goes in, what comes out' {
        $help.description.Text | Should -Not -BeNullOrEmpty
        $help.inputTypes.inputType.type.name | Should -Not -BeNullOrEmpty
        $help.returnValues.returnValue.type.name | Should -Not -BeNullOrEmpty
        $help.alertSet.alert.Text | Should -Match 'Errors'
    }

    It 'describes every parameter' {
        foreach ($parameter in $parameters) {
            ($help.parameters.parameter | Where-Object name -EQ $parameter).description.Text | Should -Not -BeNullOrEmpty -Because "-$parameter"
        }
    }

    It 'links to commands that there are' {
        foreach ($link in $help.relatedLinks.navigationLink.linkText) { Get-Command $link -ErrorAction Ignore | Should -Not -BeNullOrEmpty -Because $link }
    }

    It 'promises the output type that the command declares' {
        foreach ($type in (Get-Command $Name).OutputType.Name) { $help.returnValues.returnValue.type.name | Should -Match ([regex]::Escape($type)) }
    }

    It 'has an example' {
        @($help.examples.example).Count | Should -BeGreaterThan 0
    }
}

Describe 'Example <Number> of <Name>' -ForEach $examples {
    BeforeAll {
        Disconnect-CoexistTenant
        # The session is not one of a lab's tenants, and a plan of a lab would refuse it.
        if ($Code -notmatch ' -Lab ') { $null = Connect-CoexistTenant contoso.onmicrosoft.com -GraphSession }
    }

    It 'runs' {
        Push-Location $TestDrive
        $temp = $env:TEMP
        $env:TEMP = "$TestDrive"
        # As in a session; Pester stops at the first.
        $ErrorActionPreference = 'Continue'
        try {
            $said = & ([scriptblock]::Create($Code)) 2>&1 3>$null
            # A lab has bad records on purpose; each is told with its file.
            @($said | Where-Object { $_ -is [Management.Automation.ErrorRecord] -and -not $_.Exception.Data['file'] }) | Should -BeNullOrEmpty
        }
        finally {
            $env:TEMP = $temp
            Pop-Location
        }
    }
}

Describe 'about_Coexist' {
    It 'is found and names every ErrorId of the native library' {
        $text = [IO.File]::ReadAllText((Join-Path (Split-Path (Get-BuiltManifest)) 'en-US/about_Coexist.help.txt'))
        $source = Get-ChildItem (Join-Path $PSScriptRoot '../module/Private') -Filter *.ps1 | Get-Content -Raw
        $ids = [regex]::Matches($source -join "`n", '(?:Stop-Native \$Cmdlet |-ErrorId )(\w+)') | ForEach-Object { $_.Groups[1].Value } | Sort-Object -Unique
        $ids.Count | Should -Be 5
        foreach ($id in $ids) { $text | Should -Match "\b$id\b" }
    }
}
