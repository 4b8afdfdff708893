@{
    RootModule             = 'Coexist.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = 'b0d1c0de-6a3f-4b7e-9d52-7c1f0e8a4c61'
    Author                 = 'The Coexist project'
    CompanyName            = 'The Coexist project'
    Copyright              = '(c) The Coexist project. MIT License.'
    Description            = 'Runs two Microsoft 365 tenants side by side and moves users between them: snapshots, findings, plans that can be reviewed, rehearsed, applied and undone.'
    PowerShellVersion      = '5.1'
    CompatiblePSEditions   = @('Desktop', 'Core')
    DotNetFrameworkVersion = '4.7.2'
    FormatsToProcess       = @('Coexist.Format.ps1xml')

    # Empty on purpose: a module that pulls in Exchange or Graph modules breaks the session in which they do not get on with each other.
    RequiredModules        = @()

    FunctionsToExport      = @(
        'Compare-CoexistAddress'
        'Connect-CoexistTenant'
        'ConvertFrom-CoexistImmutableId'
        'ConvertTo-CoexistImceaex'
        'ConvertTo-CoexistImmutableId'
        'ConvertTo-CoexistX500'
        'Disconnect-CoexistTenant'
        'Export-CoexistSnapshot'
        'Get-CoexistJournal'
        'Get-CoexistSnapshot'
        'Invoke-CoexistPlan'
        'New-CoexistBatchPlan'
        'New-CoexistLab'
        'New-CoexistPlan'
        'New-CoexistSpecification'
        'Test-CoexistReadiness'
        'Undo-CoexistPlan'
        'Watch-CoexistPlan'
    )
    CmdletsToExport        = @()
    VariablesToExport      = @()
    AliasesToExport        = @()

    PrivateData            = @{
        PSData = @{
            Tags       = @('Microsoft365', 'Exchange', 'EntraID', 'Migration', 'CrossTenant', 'Coexistence', 'Windows', 'Linux', 'MacOS', 'PSEdition_Desktop', 'PSEdition_Core')
            LicenseUri = 'https://github.com/coexist/coexist/blob/main/LICENSE'
            ProjectUri = 'https://github.com/coexist/coexist'
        }
    }
}
