function New-CoexistSpecification {
    <#
    .SYNOPSIS
    Writes coexist.json: the wanted end state and the rules of the move, to be completed in an editor.

    .DESCRIPTION
    Writes a specification with every setting that there is and its default, and beside it the JSON Schema by which editors explain and complete
    each setting.

    .PARAMETER Path
    The file to write.

    .PARAMETER SourceName
    What you call the tenant that people move out of; the name in its snapshot unless given.

    .PARAMETER SourceSnapshot
    The folder of its snapshot.

    .PARAMETER SourceTenantId
    Its GUID; the one in its snapshot unless given.

    .PARAMETER TargetName
    What you call the tenant that people move into; the name in its snapshot unless given.

    .PARAMETER TargetSnapshot
    The folder of its snapshot.

    .PARAMETER TargetTenantId
    Its GUID; the one in its snapshot unless given.

    .PARAMETER DeliveryDomain
    The TargetDeliveryDomain of the migration; the target's initial domain unless given.

    .PARAMETER AcceptedDomain
    The accepted domains of the target, where they will differ from those in its snapshot.

    .PARAMETER DomainMap
    Under which target domain each source domain is carried on: @{ 'contoso.com' = 'fabrikam.com' }.

    .PARAMETER Trust
    How far the tenants trust each other: Low (guests) or High (external members).

    .PARAMETER Force
    Replace a file that is there.

    .INPUTS
    None.

    .OUTPUTS
    System.IO.FileInfo: the file.

    .EXAMPLE
    New-CoexistSpecification -Path coexist.json -SourceSnapshot ./source -TargetSnapshot ./target -DomainMap @{ 'contoso.com' = 'fabrikam.com' } -WhatIf

    Shows what would be written.

    .NOTES
    Errors:
    FileExists  the file is there; use -Force

    .LINK
    New-CoexistPlan
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType([IO.FileInfo])]
    param(
        [Parameter(Position = 0)]
        [string] $Path = 'coexist.json',

        [string] $SourceName,

        [Parameter(Mandatory)]
        [string] $SourceSnapshot,

        [guid] $SourceTenantId,

        [string] $TargetName,

        [Parameter(Mandatory)]
        [string] $TargetSnapshot,

        [guid] $TargetTenantId,

        [string] $DeliveryDomain,

        [string[]] $AcceptedDomain,

        [hashtable] $DomainMap,

        [ValidateSet('Low', 'High')]
        [string] $Trust,

        [switch] $Force
    )

    end {
        Assert-LanguageMode
        $WhatIfPreference = $PSCmdlet.GetVariableValue('WhatIfPreference')
        $ConfirmPreference = $PSCmdlet.GetVariableValue('ConfirmPreference')
        $file = Resolve-NativePath $PSCmdlet $Path
        if (-not $PSCmdlet.ShouldProcess($file, 'Write a specification')) { return }

        $folder = [IO.Path]::GetDirectoryName($file)
        $specification = @{
            source = @{ snapshot = ConvertTo-RelativePath $folder (Resolve-NativePath $PSCmdlet $SourceSnapshot) }
            target = @{ snapshot = ConvertTo-RelativePath $folder (Resolve-NativePath $PSCmdlet $TargetSnapshot) }
        }
        if ($SourceName) { $specification.source.name = $SourceName }
        if ($TargetName) { $specification.target.name = $TargetName }
        if ($PSBoundParameters.ContainsKey('SourceTenantId')) { $specification.source.tenantId = [string]$SourceTenantId }
        if ($PSBoundParameters.ContainsKey('TargetTenantId')) { $specification.target.tenantId = [string]$TargetTenantId }
        if ($DeliveryDomain) { $specification.target.deliveryDomain = $DeliveryDomain }
        if ($AcceptedDomain) { $specification.target.acceptedDomains = @($AcceptedDomain) }
        if ($DomainMap) { $specification.domainMap = $DomainMap }
        if ($Trust) { $specification.trust = $Trust.ToLowerInvariant() }

        $answer = Invoke-NativeCall $PSCmdlet @{ call = 'newSpecification'; path = $file; replace = [bool]$Force; specification = $specification }
        [IO.FileInfo]$answer.path
    }
}
