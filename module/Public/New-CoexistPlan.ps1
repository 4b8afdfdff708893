function New-CoexistPlan {
    <#
    .SYNOPSIS
    Works out, from the snapshots of two tenants, everything that must change, and writes it as a plan.

    .DESCRIPTION
    Reads the specification and the snapshots that it names, matches people to target objects, and writes the operations in their order: what, on
    which surface, in which stage, after which others, how it is checked, how it is undone. Nothing is changed in any tenant.

    Each operation is a line with the person's own values and the name of its form: what all operations of that form have in common, under steps.

    The same inputs give the same bytes, so plans can be compared in git. People whom a finding stops are left out; the summary counts findings by
    code, Test-CoexistReadiness emits each.

    .PARAMETER Specification
    The specification, coexist.json.

    .PARAMETER Item
    The backlog items to plan, such as MC-01.

    .PARAMETER Path
    The plan to write.

    .PARAMETER Force
    Replace a plan that is there, without asking.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.PlanSummary: Path, People, Ready, Blocked, Operations, Steps, Findings, Problems.

    .EXAMPLE
    New-CoexistLab -Path $env:TEMP/coexist-lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $env:TEMP/coexist-lab/coexist.json -Item MC-01 -Path $env:TEMP/coexist-lab/plan.json -Force

    Makes a small lab and plans the stamping of its target mail users. The lab has bad records, which are told as errors.

    .NOTES
    Errors:
    SpecificationNotFound  there is no such file
    SpecificationInvalid   the specification cannot be read; the message has the place
    SnapshotNotFound       a snapshot that it names is missing
    ConfirmationNeeded     the plan is there, and nobody can be asked; use -Force
    A bad record is an error of its own, with file and line; the others go on.

    .LINK
    Test-CoexistReadiness
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType('Coexist.PlanSummary')]
    param(
        [Parameter(Position = 0)]
        [string] $Specification = 'coexist.json',

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Item $args[2] })]
        [string[]] $Item = @('MC-01'),

        [string] $Path = 'plan.json',

        [switch] $Force
    )

    end {
        Assert-LanguageMode
        $WhatIfPreference = $PSCmdlet.GetVariableValue('WhatIfPreference')
        $ConfirmPreference = $PSCmdlet.GetVariableValue('ConfirmPreference')
        $file = Resolve-NativePath $PSCmdlet $Path
        if (-not $PSCmdlet.ShouldProcess($file, 'Write a plan')) { return }

        $request = @{
            job = 'plan'; specification = Resolve-NativePath $PSCmdlet $Specification; items = @($Item); path = $file
            replace = $(if ($Force) { 'yes' } else { 'ask' })
        }
        $result = $null
        Invoke-NativeJob $PSCmdlet $request -Result ([ref]$result) -Force:$Force
        ConvertTo-NativeResult $result Coexist.PlanSummary
    }
}
