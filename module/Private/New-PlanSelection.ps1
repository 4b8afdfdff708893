function New-PlanSelection {
    <#
    .SYNOPSIS
    Returns which operations of a plan are meant, as a job takes it, from the parameters that the commands about plans share.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes nothing.')]
    [OutputType([hashtable])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [Collections.IDictionary] $Bound
    )

    # Not by the dot: Item is a member of every dictionary.
    @{
        stages = @($Bound['Stage'] | Where-Object { $_ }); items = @($Bound['Item'] | Where-Object { $_ }); batches = @($Bound['Batch'] | Where-Object { $_ })
        subjects = @($Bound['Subject'] | Where-Object { $_ }); surfaces = @($Bound['Surface'] | Where-Object { $_ })
        batchPlan = $(if ($Bound['BatchPlan']) { Resolve-NativePath $Cmdlet $Bound['BatchPlan'] })
    }
}
