function New-LabModule {
    <#
    .SYNOPSIS
    Makes the commands of a lab's tenant, Get-FabrikamMailUser for Get-MailUser, and brings them into the session; returns their module.
    .NOTES
    Their parameters, sets and types are those of data/cmdlets.json, as the services have them: what a service does not know does not bind here either.
    What stands for types of the services' own is text.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes this session alone.')]
    [OutputType([psmoduleinfo])]
    param(
        [string] $Lab,
        [string] $TenantId,
        [string] $Prefix
    )

    $types = @{
        'SwitchParameter' = 'switch'; 'Boolean' = 'bool'; 'SecureString' = 'securestring'; 'Hashtable' = 'hashtable'; 'Byte[]' = 'byte[]'; 'DateTime' = 'datetime'
        'TimeSpan' = 'timespan'; 'Guid' = 'guid'; 'Int32' = 'int'; 'UInt32' = 'uint32'; 'String' = 'string'; 'String[]' = 'string[]'; 'PSCredential' = 'pscredential'
        # @{ Add = ... } as well as a list.
        'MultiValuedProperty' = 'object'; 'ProxyAddressCollection' = 'object'; 'MailboxIdParameter' = 'object'
    }
    $common = [Management.Automation.Cmdlet]::CommonParameters + [Management.Automation.Cmdlet]::OptionalCommonParameters
    $facts = (ConvertFrom-NativeJson ([IO.File]::ReadAllText([IO.Path]::Combine($PSScriptRoot, 'cmdlets.json')))).cmdlets

    $text = [Text.StringBuilder]::new("param(`$Send, `$Step, `$Lab)`n")
    foreach ($command in $facts.PSObject.Properties) {
        $verb, $noun = $command.Name -split '-', 2
        $fact = $command.Value
        $sets = @($fact.parameterSets | Where-Object { $_ -ne '__AllParameterSets' })
        $parameters = foreach ($parameter in $fact.parameters.PSObject.Properties) {
            $about = $parameter.Value
            # Of Exchange, what works in Exchange Online.
            if ($parameter.Name -in $common -or $about.exchangeOnline -eq $false) { continue }
            $own = @(if ($about.sets) { $about.sets } else { $sets })
            $mandatory = @($about.mandatoryIn)
            $place = if ($parameter.Name -eq 'Identity') { ', Position = 0, ValueFromPipelineByPropertyName' } elseif ($parameter.Name -eq 'Name' -and $verb -eq 'New') { ', Position = 0' } else { '' }
            $attributes = if (-not $own) { "[Parameter(Mandatory = `$$([bool]$about.mandatoryIn)$place)]" }
            elseif (-not $about.sets -and -not $about.mandatoryIn) { "[Parameter(Mandatory = `$false$place)]" }
            else { foreach ($set in $own) { "[Parameter(ParameterSetName = '$set', Mandatory = `$$($set -in $mandatory)$place)]" } }
            if ($about.aliases) { $attributes = @($attributes) + "[Alias('$($about.aliases -join "', '")')]" }
            $name = $about.type -replace '^System\.'
            $type = if ($types[$name]) { $types[$name] } elseif ($name -like '*`[`]') { 'string[]' } else { 'string' }
            "$($attributes -join ' ') [$type] `$$($parameter.Name)"
        }
        $binding = @('PositionalBinding = $false')
        # Where the reference names none, the one that the commands take without parameters.
        $default = if ($fact.defaultParameterSet) { $fact.defaultParameterSet } elseif ($verb -eq 'Get' -and 'Identity' -in $sets) { 'Identity' }
        if ($default) { $binding += "DefaultParameterSetName = '$default'" }
        if ($fact.supportsShouldProcess) { $binding += "SupportsShouldProcess, ConfirmImpact = '$(if ($verb -eq 'Remove') { 'High' } else { 'Medium' })'" }
        $go = if ($fact.supportsShouldProcess) { "if (`$PSCmdlet.ShouldProcess([string]`$PSBoundParameters['Identity'])) { & `$Send `$PSCmdlet '$($command.Name)' `$PSBoundParameters `$Lab }" }
        else { "& `$Send `$PSCmdlet '$($command.Name)' `$PSBoundParameters `$Lab" }
        $null = $text.Append("function $verb-$Prefix$noun {`n[CmdletBinding($($binding -join ', '))]`nparam(`n$($parameters -join ",`n")`n)`nprocess { $go }`n}`n")
    }
    $null = $text.Append("function Step-$($Prefix)Lab {`n[CmdletBinding()]`nparam([Parameter(Position = 0)] [uint32] `$Minutes, [datetime] `$To)`n& `$Step `$PSCmdlet `$PSBoundParameters `$Lab }`n")

    # In the global session, where the commands are to be, and not in this module, where they would stay behind.
    & ([psmoduleinfo]::new($true)) {
        param($Name, $Script, $Arguments)
        New-Module -Name $Name -ScriptBlock $Script -ArgumentList $Arguments | Import-Module -Global -DisableNameChecking -PassThru -WarningAction SilentlyContinue
    } "Coexist.Lab.$Prefix" ([scriptblock]::Create($text.ToString())) @(
        { param($Cmdlet, $Name, $Bound, $Lab) Invoke-LabCommand $Cmdlet $Name $Bound $Lab }
        { param($Cmdlet, $Bound, $Lab) Step-LabTime $Cmdlet $Bound $Lab }
        @{ Folder = $Lab; TenantId = $TenantId }
    )
}
