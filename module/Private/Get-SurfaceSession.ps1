function Get-SurfaceSession {
    <#
    .SYNOPSIS
    Asks the session of an administrator's module whom it belongs to: id, domains, account; or the code and the message of what is wrong with it.
    .NOTES
    What each service lets a session know about itself differs, and stands here only. Everything is asked of what is loaded already: to load a module on
    the side could break the session of another one. AD has no sign-in of its own, so its module may be loaded by the question.
    #>
    [OutputType([hashtable])]
    param(
        # Surface, Tenant, TenantId, and Prefix, Url or Server.
        [hashtable] $Connection
    )

    $session = @{ id = $null; domains = @(); initialDomain = $null; account = $null; where = $null; module = $null; code = $null; message = $null }
    $why = $null
    switch ($Connection.Surface) {
        'exchange' {
            $prefix = [string]$Connection.Prefix
            $connect = if ($prefix) { "Connect-ExchangeOnline -Prefix $prefix" } else { 'Connect-ExchangeOnline' }
            $all = @()
            try {
                # Security & Compliance is connected by the same module, and is another service.
                if (Get-Command Get-ConnectionInformation -ListImported -ErrorAction Ignore) {
                    $all = @(Get-ConnectionInformation -ErrorAction Stop | Where-Object { -not $_.IsEopSession -and $_.Name -notlike 'ExchangeOnlineProtection*' })
                }
            }
            catch [Management.Automation.PipelineStoppedException] { throw }
            catch { $why = " $($_.Exception.Message)" }
            $found = @($all | Where-Object { [string]$_.ModulePrefix -eq $prefix -and (-not $_.State -or $_.State -eq 'Connected') })
            if ($found.Count -eq 1) {
                $session.id = [string]$found[0].TenantID
                $session.account = if ($found[0].UserPrincipalName) { $found[0].UserPrincipalName } else { $found[0].AppId }
                $session.where = [string]$found[0].ConnectionUri
                if ($found[0].ModuleName) { $session.module = ([string]$found[0].ModuleName -split '[\\/]')[-1] }
                break
            }
            $shown = if ($prefix) { "with the prefix $prefix" } else { 'without a prefix' }
            if ($found) {
                $session.code = 'ExchangeSessionAmbiguous'
                $session.message = "This session has $($found.Count) Exchange Online connections $shown, so nobody can say which of them a command would use. " +
                "Disconnect-ExchangeOnline, and connect each tenant with a -Prefix of its own."
                break
            }
            $there = @($all | ForEach-Object { if ($_.ModulePrefix) { "'$($_.ModulePrefix)'" } else { 'none' } } | Select-Object -Unique) -join ', '
            $session.code = 'ExchangeSessionMissing'
            $session.message = "This session has no Exchange Online connection $shown.$(if ($there) { " Prefixes that there are: $there." })$why Run $connect first (ExchangeOnlineManagement 3.0 or newer)."
        }
        'teams' {
            $tenant = $null
            try {
                if (Get-Command Get-CsTenant -ListImported -ErrorAction Ignore) { $tenant = @(Get-CsTenant -ErrorAction Stop)[0] }
            }
            catch [Management.Automation.PipelineStoppedException] { throw }
            catch { $why = " $($_.Exception.Message)" }
            if ($tenant) {
                $session.id = [string]$tenant.TenantId
                $session.account = [string]$tenant.DisplayName
                $session.domains = @($tenant.VerifiedDomains | ForEach-Object { if ($_.Name) { [string]$_.Name } else { [string]$_ } })
                break
            }
            $session.code = 'TeamsSessionMissing'
            $session.message = "This session is not signed in to Microsoft Teams.$why Run Connect-MicrosoftTeams first (module MicrosoftTeams)."
        }
        'sharePoint' {
            # No command of the module shows the tenant's id; this one shows whose addresses its answers are about.
            $url = $null
            try {
                if (Get-Command Get-SPOCrossTenantHostUrl -ListImported -ErrorAction Ignore) { $url = [string]@(Get-SPOCrossTenantHostUrl -ErrorAction Stop)[0] }
            }
            catch [Management.Automation.PipelineStoppedException] { throw }
            catch { $why = " $($_.Exception.Message)" }
            if (-not $url) {
                $session.code = 'SharePointSessionMissing'
                $session.message = "This session is not signed in to SharePoint Online.$why Run Connect-SPOService -Url $($Connection.Url) first (module Microsoft.Online.SharePoint.PowerShell)."
                break
            }
            $name = { param($Address) (($Address -replace '^https?://' -split '[./]')[0] -replace '-(my|admin)$').ToLowerInvariant() }
            if ((& $name $url) -ne (& $name $Connection.Url)) {
                $session.code = 'TenantMismatch'
                $session.message = "The SharePoint session belongs to $url and not to $($Connection.Url) of $($Connection.Tenant) ($($Connection.TenantId)), so it is not used. Run Connect-SPOService -Url $($Connection.Url)."
                break
            }
            $session.id = $Connection.TenantId
            $session.where = $Connection.Url
        }
        'activeDirectory' {
            $domain = $null
            try {
                if (Get-Command Get-ADDomain -ErrorAction Ignore) { $domain = @(Get-ADDomain -Server $Connection.Server -ErrorAction Stop)[0] }
                else { $why = ' The module ActiveDirectory is not here.' }
            }
            catch [Management.Automation.PipelineStoppedException] { throw }
            catch { $why = " $($_.Exception.Message)" }
            if ($domain) {
                $session.id = $Connection.TenantId
                $session.domains = @([string]$domain.DNSRoot)
                $session.where = $Connection.Server
                break
            }
            $session.code = 'DirectoryNotReached'
            $session.message = "Active Directory does not answer on the server $($Connection.Server).$why"
        }
    }
    $session
}
